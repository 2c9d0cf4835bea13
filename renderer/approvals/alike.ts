import type { Approval } from '../../contract/approvals.ts';

/**
 * Those that wait for the same answer as one: the same client, by the same tool, with effects of the same kinds, and
 * nothing about any of them that could mislead. What has a warning is read and answered alone.
 */
export function alikeTo(one: Approval, waiting: readonly Approval[]): readonly Approval[] {
  if (one.warnings.length > 0) return [];
  const kinds = kindsOf(one);
  return waiting.filter(
    (other) =>
      other.warnings.length === 0 &&
      other.clientId === one.clientId &&
      other.tool === one.tool &&
      kindsOf(other) === kinds,
  );
}

function kindsOf({ effects }: Approval): string {
  return [...new Set(effects.map((one) => (one.kind === 'write' ? `write ${one.op}` : one.kind)))]
    .sort()
    .join();
}
