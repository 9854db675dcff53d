/** How a value that cannot be used is shown in an error message: short, on one line, and without running its code. */

const MAX_CHARACTERS = 80;

/** Returns `value` as text of at most 80 characters, without calling getters or methods of its own. */
export function show(value: unknown): string {
  const text = textOf(value, 2);
  return text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS - 4)} ...`;
}

function textOf(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.slice(0, MAX_CHARACTERS));
    case 'bigint':
      return `${value}n`;
    case 'function':
      return 'a function';
    case 'object':
      return value === null ? 'null' : objectText(value, depth);
    default:
      return String(value);
  }
}

function objectText(value: object, depth: number): string {
  if (Array.isArray(value)) {
    if (depth === 0) return '[...]';
    const shown = value.slice(0, 8).map((one) => textOf(one, depth - 1));
    return `[${shown.join(', ')}${value.length > 8 ? ', ...' : ''}]`;
  }
  if (!isPlainObject(value)) return classOf(value);
  if (depth === 0) return '{...}';
  const shown = Object.entries(Object.getOwnPropertyDescriptors(value)).map(
    ([name, { value: field, get }]) => `${name}: ${get ? 'a getter' : textOf(field, depth - 1)}`,
  );
  return shown.length === 0 ? '{}' : `{ ${shown.join(', ')} }`;
}

function classOf(value: object): string {
  const made = ownValue(Object.getPrototypeOf(value) ?? {}, 'constructor');
  const name = typeof made === 'function' ? ownValue(made, 'name') : undefined;
  const isNamed = typeof name === 'string' && name !== '';
  return isNamed ? `an instance of ${name}` : 'an object that inherits from another one';
}

/** Returns the value of an own property, and `undefined` for a getter. */
function ownValue(object: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(object, name)?.value;
}

/**
 * Whether `value` is an object literal, of this realm or another one, or has no prototype. Fields that an object
 * inherits would be ignored, so an object with another prototype is not one of settings.
 */
export function isPlainObject(value: unknown): value is Readonly<Record<PropertyKey, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: object | null = Object.getPrototypeOf(value);
  // Every realm has an Object.prototype of its own, by which all of them can be told.
  return (
    prototype === null ||
    (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf'))
  );
}
