import { hash } from 'node:crypto';

/**
 * JSON in one form only: keys sorted by UTF-16 code units, no white space, as RFC 8785 (JCS) lays down.
 * Two values are the same exactly when their canonical texts are. Fields that are `undefined` are left out, as JSON does.
 *
 * @throws TypeError for what JSON cannot carry: NaN, infinities, bigints, functions, lone surrogates
 */
export function canonicalJson(value: unknown): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed()) throw new TypeError('a lone surrogate has no canonical form');
      return JSON.stringify(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError('only finite numbers have a canonical form');
      return JSON.stringify(value);
    case 'object':
      return Array.isArray(value) ? canonicalArray(value) : canonicalObject(value);
    default:
      throw new TypeError(`a ${typeof value} has no canonical form`);
  }
}

function canonicalArray(items: readonly unknown[]): string {
  let text = '[';
  for (let i = 0; i < items.length; i++) text += (i > 0 ? ',' : '') + canonicalJson(items[i]);
  return `${text}]`;
}

function canonicalObject(object: object): string {
  const prototype = Object.getPrototypeOf(object);
  // A Map, Date or class instance would lose its content silently.
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError('only plain objects have a canonical form');
  }
  let text = '{';
  const fields = object as Record<string, unknown>;
  for (const key of Object.keys(fields).sort()) {
    const field = fields[key];
    if (field === undefined) continue;
    text += `${text.length > 1 ? ',' : ''}${canonicalJson(key)}:${canonicalJson(field)}`;
  }
  return `${text}}`;
}

/** SHA-256 of a UTF-8 text or of bytes, in lower-case hex. */
export function sha256Hex(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex');
}

/** Freezes a plain value and everything in it, so that what was shown cannot be changed before it runs. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const field of Object.values(value)) deepFreeze(field);
  }
  return value;
}
