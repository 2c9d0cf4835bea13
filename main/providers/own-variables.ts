/**
 * Makes an SDK's client without the variables that it would read by itself and has no option against: headers for every
 * request, that nobody approved, and further keys.
 */
export function withoutVariables<T>(names: readonly string[], make: () => T): T {
  const kept = names.map((name) => [name, process.env[name]] as const);
  for (const name of names) delete process.env[name];
  try {
    return make();
  } finally {
    for (const [name, value] of kept) if (value !== undefined) process.env[name] = value;
  }
}
