/**
 * Where an answer of ours differs from the recorded one: nowhere when the bytes are the same, otherwise field
 * by field of what they decode to.
 */

export interface Difference {
  /** The frame of the message that was answered. */
  readonly frame: number;
  /**
   * Path of a field in the decoded message, such as `errors.0.code`. `answer`: another message, yes instead
   * of no, one more, or none. `bytes`: the fields are the same and the bytes are not. `association`: ended in
   * another way.
   */
  readonly field: string;
  readonly recorded: string;
  readonly ours: string;
}

/** A decoded message; error messages and refusals have causes. */
export interface DecodedMessage {
  readonly type: string;
  readonly errors?: readonly { readonly code: number }[];
}
type Decode = (bytes: Uint8Array) => DecodedMessage;

/** `undefined`: no such answer. */
export function differencesBetween(
  frame: number,
  recorded: Uint8Array | undefined,
  ours: Uint8Array | undefined,
  decode: Decode,
): Difference[] {
  if (recorded === undefined || ours === undefined || !isSameKind(decode(recorded), decode(ours))) {
    const [a, b] = [summaryOf(recorded, decode), summaryOf(ours, decode)];
    return a === b ? [] : [{ frame, field: 'answer', recorded: a, ours: b }];
  }
  if (Buffer.compare(recorded, ours) === 0) return [];
  const [theirFields, ourFields] = [fieldsOf(decode(recorded)), fieldsOf(decode(ours))];
  const fields = [...new Set([...theirFields.keys(), ...ourFields.keys()])];
  const found = fields.map((field) => ({
    frame,
    field,
    recorded: theirFields.get(field) ?? '-',
    ours: ourFields.get(field) ?? '-',
  }));
  const different = found.filter((entry) => entry.recorded !== entry.ours);
  if (different.length > 0) return different;
  return [{ frame, field: 'bytes', recorded: hexadecimal(recorded), ours: hexadecimal(ours) }];
}

function isSameKind(a: DecodedMessage, b: DecodedMessage): boolean {
  return a.type === b.type && a.errors?.length === b.errors?.length;
}

/** Type and causes, such as `ASAP_ERROR 0x3`; `-` for no message. */
function summaryOf(bytes: Uint8Array | undefined, decode: Decode): string {
  if (bytes === undefined) return '-';
  const { type, errors = [] } = decode(bytes);
  return [type, ...errors.map(({ code }) => `0x${code.toString(16)}`)].join(' ');
}

/** Every value in a message by its path, as text. */
function fieldsOf(value: object, path = ''): Map<string, string> {
  const fields = new Map<string, string>();
  for (const [key, inner] of Object.entries(value)) {
    const field = path === '' ? key : `${path}.${key}`;
    if (inner === undefined) continue;
    if (inner instanceof Uint8Array) fields.set(field, hexadecimal(inner));
    else if (typeof inner === 'object') {
      for (const [name, text] of fieldsOf(inner, field)) fields.set(name, text);
    } else fields.set(field, /code|id$/i.test(key) ? `0x${inner.toString(16)}` : String(inner));
  }
  return fields;
}

function hexadecimal(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
