import type { Unit } from './fields.ts';

/** Steps of a unit: what one of each is in the unit that is stored. */
const STEPS = {
  seconds: { s: 1, min: 60, h: 3600 },
  bytes: { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 },
  days: { d: 1 },
  plain: {},
} as const satisfies Record<Unit, Readonly<Record<string, number>>>;

/** Names of a unit's steps, the smallest first; none for a plain number. */
export function stepsOf(unit: Unit): string[] {
  return Object.keys(STEPS[unit]);
}

export function stepSize(unit: Unit, step: string): number {
  return (STEPS[unit] as Readonly<Record<string, number>>)[step] ?? 1;
}

/** The largest step in which a value is a whole number: 300 seconds are 5 min. */
export function fittingStep(unit: Unit, value: number): string {
  const steps = stepsOf(unit);
  if (value === 0) return steps[0] ?? '';
  return steps.findLast((step) => value % stepSize(unit, step) === 0) ?? steps[0] ?? '';
}

/** What a person typed as a whole number of the stored unit; undefined when it is none. Comma or point. */
export function readNumber(text: string, unit: Unit, step: string): number | undefined {
  const plain = text.trim().replace(',', '.');
  if (!/^\d+(\.\d+)?$/.test(plain)) return undefined;
  const value = Number(plain) * stepSize(unit, step);
  return Number.isSafeInteger(value) ? value : undefined;
}
