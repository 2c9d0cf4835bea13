import type { Cell, Shaper } from './values.ts';

/** Types by their numbers, which are the same on every server. Source: PostgreSQL's pg_type.dat. */
const BOOL = 16;
const BYTEA = 17;
const INT8 = 20;
const SMALL_INTEGERS = new Set([21, 23, 26]);
const FLOATS = new Set([700, 701]);
const JSONS = new Set([114, 3802]);

/** A value as the server wrote it, as it is answered. Exact numbers that JSON would round stay text. */
export function shapePostgres(value: string | null, type: number, shaper: Shaper): Cell {
  if (value === null) return null;
  if (type === BOOL) return value === 't';
  if (type === INT8) return shaper.integer(BigInt(value));
  if (SMALL_INTEGERS.has(type)) return Number(value);
  if (FLOATS.has(type)) return shaper.number(Number(value));
  if (JSONS.has(type)) return shaper.json(value);
  if (type === BYTEA && value.startsWith('\\x'))
    return shaper.binary(Buffer.from(value.slice(2, 34), 'hex'), (value.length - 2) / 2);
  return shaper.text(value);
}
