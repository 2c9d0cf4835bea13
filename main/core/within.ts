import { sep } from 'node:path';

/** Whether `inner` is `outer` or lies below it, by path components. Both absolute and normalised. */
export function isWithin(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : outer + sep);
}
