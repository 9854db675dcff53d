/**
 * The parameters at the top level of a message, found in any order and read by name. Which of them a message
 * has, and which it must have, say the formats (`asap-*.ts`, `enrp-*.ts`).
 */

import type { DecodeError } from '../errors.ts';
import type { PoolElementId, RegistrarId } from '../types.ts';
import { readU16, readU32 } from './bytes.ts';
import { readErrorCauses } from './causes.ts';
import type { HandleTableEntry, ServerInformation } from './enrp-messages.ts';
import {
  CAUSE,
  type ErrorCause,
  PARAMETER,
  type Policy,
  type PoolElementParameter,
  type TransportParameter,
} from './parameters.ts';
import { readPolicy } from './policies.ts';
import { readHomed, readPoolElement } from './pool-element.ts';
import { readChecksum, readServerInformation } from './server-information.ts';
import { readItems, readOctets, readPoolElementId } from './simple-parameters.ts';
import {
  bytesOf,
  forEachParameter,
  HEADER_LENGTH,
  invalid,
  type Parameter,
  readParameter,
  refuse,
  type Scope,
} from './tlv.ts';
import { readTransport } from './transports.ts';

export class MessageBody {
  readonly #scope: Scope;
  readonly #bodyOffset: number;
  readonly #parameters: Parameter[] = [];

  /**
   * @param bodyOffset where the parameters begin
   * @param takes the types that have a place in this message; others are unrecognized (RFC 5354 §3)
   */
  constructor(scope: Scope, bodyOffset: number, takes: readonly number[]) {
    this.#scope = scope;
    this.#bodyOffset = bodyOffset;
    forEachParameter(scope, bodyOffset, scope.end, (parameter) => {
      const isTaken = takes.includes(parameter.type);
      if (isTaken) this.#parameters.push(parameter);
      return isTaken;
    });
  }

  /** One of the identifiers between the header and the parameters of some messages. */
  registrarId(offset = HEADER_LENGTH, mayBeZero = false): RegistrarId {
    const id = readU32(this.#scope.bytes, offset);
    if (id === 0 && !mayBeZero) {
      throw refuse(this.#scope, offset, CAUSE.INVALID_VALUES, 'The registrar identifier 0');
    }
    return id as RegistrarId;
  }

  /** 16 bits between the header and the parameters. */
  u16(offset: number): number {
    return readU16(this.#scope.bytes, offset);
  }

  poolHandle(): Uint8Array {
    return readOctets(this.#scope, this.#required(PARAMETER.POOL_HANDLE, 'pool handle'));
  }

  cookie(): Uint8Array {
    return readOctets(this.#scope, this.#required(PARAMETER.COOKIE, 'cookie'));
  }

  poolElementId(): PoolElementId {
    const parameter = this.#required(PARAMETER.PE_IDENTIFIER, 'pool element identifier');
    return readPoolElementId(this.#scope, parameter, false);
  }

  /** What a response repeats of its request: that may have been 0. */
  repeatedPoolElementId(): PoolElementId {
    const parameter = this.#required(PARAMETER.PE_IDENTIFIER, 'pool element identifier');
    return readPoolElementId(this.#scope, parameter, true);
  }

  optionalPoolElementId(): PoolElementId | undefined {
    const parameter = this.#optional(PARAMETER.PE_IDENTIFIER);
    return parameter && readPoolElementId(this.#scope, parameter, false);
  }

  poolElement(): PoolElementParameter {
    return readPoolElement(this.#scope, this.#required(PARAMETER.POOL_ELEMENT, 'pool element'));
  }

  /** Any number of them, in their order. */
  poolElements(): PoolElementParameter[] {
    return this.#all([PARAMETER.POOL_ELEMENT]).map((one) => readPoolElement(this.#scope, one));
  }

  /** The same with a home: between registrars an element without one is nobody's (decision 13). */
  homedPoolElement(): PoolElementParameter {
    return readHomed(this.#scope, this.#required(PARAMETER.POOL_ELEMENT, 'pool element'));
  }

  /** Pool handles, each followed by its elements: here the order counts. */
  handleTable(): HandleTableEntry[] {
    const entries: { poolHandle: Uint8Array; poolElements: PoolElementParameter[] }[] = [];
    for (const parameter of this.#parameters) {
      if (parameter.type === PARAMETER.POOL_HANDLE) {
        entries.push({ poolHandle: readOctets(this.#scope, parameter), poolElements: [] });
        continue;
      }
      const entry = entries.at(-1);
      if (entry === undefined) {
        throw invalid(this.#scope, parameter, 'A pool element before any pool handle');
      }
      entry.poolElements.push(readHomed(this.#scope, parameter));
    }
    if (entries.some(({ poolElements }) => poolElements.length === 0)) {
      throw this.missing('a pool element behind each pool handle');
    }
    return entries;
  }

  checksum(): number | undefined {
    const parameter = this.#optional(PARAMETER.PE_CHECKSUM);
    return parameter && readChecksum(this.#scope, parameter);
  }

  serverInformation(): ServerInformation | undefined {
    const parameter = this.#optional(PARAMETER.SERVER_INFORMATION);
    return parameter && readServerInformation(this.#scope, parameter, false);
  }

  /** Any number of them, in their order. */
  serverInformations(): ServerInformation[] {
    const all = this.#all([PARAMETER.SERVER_INFORMATION]);
    return all.map((one) => readServerInformation(this.#scope, one, true));
  }

  policy(): Policy | undefined {
    const parameter = this.#optional(PARAMETER.POLICY);
    return parameter && readPolicy(this.#scope, parameter);
  }

  /** The causes of the operation error; empty when there is none. */
  errors(): ErrorCause[] {
    const parameter = this.#optional(PARAMETER.OPERATION_ERROR);
    return parameter === undefined ? [] : readErrorCauses(this.#scope, parameter);
  }

  /** Any number of them, in their order. */
  transports(types: readonly number[]): TransportParameter[] {
    return this.#all(types).map((one) => readTransport(this.#scope, one));
  }

  items(types: readonly number[]): number | undefined {
    const [first, second] = this.#all(types);
    if (second !== undefined) throw invalid(this.#scope, second, 'A second number of items');
    return first && readItems(this.#scope, first);
  }

  /** The error to throw when something that must be there is not; it shows the first parameter. */
  missing(what: string): DecodeError {
    const scope = this.#scope;
    const isEmpty = this.#bodyOffset >= scope.end;
    const first = isEmpty ? undefined : readParameter(scope, this.#bodyOffset, scope.end);
    const info = first && bytesOf(scope, first);
    return refuse(scope, scope.end, CAUSE.INVALID_VALUES, `A message without ${what}`, info);
  }

  #required(type: number, what: string): Parameter {
    const parameter = this.#optional(type);
    if (parameter === undefined) throw this.missing(`a ${what}`);
    return parameter;
  }

  #optional(type: number): Parameter | undefined {
    let found: Parameter | undefined;
    for (const parameter of this.#parameters) {
      if (parameter.type !== type) continue;
      if (found !== undefined) {
        throw invalid(this.#scope, parameter, 'A parameter twice where only one may be');
      }
      found = parameter;
    }
    return found;
  }

  #all(types: readonly number[]): Parameter[] {
    return this.#parameters.filter(({ type }) => types.includes(type));
  }
}
