/** A `__proto__` key anywhere in a parsed body: harmless as parsed, a trap for whoever copies it by assignment. */
export function hasProtoKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.hasOwn(value, '__proto__') || Object.values(value).some(hasProtoKey);
}
