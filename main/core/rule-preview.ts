import type { AuditRow } from '../../contract/audit.ts';
import { Effect } from '../../contract/effects.ts';
import type { RulePreview } from '../../contract/policy.ts';
import type { Policy } from './policy.ts';

const EXAMPLES = 8;

/**
 * How calls of the past would be decided with a rule, and how without it: the same policy that decides calls, asked
 * about what their rows say of their effects.
 *
 * @param rows - rows of calls that hold their effects, newest first
 * @param now - milliseconds since the epoch: what has expired counts no more
 */
export function previewOn(
  rows: readonly AuditRow[],
  before: Policy,
  after: Policy,
  now: number,
): RulePreview {
  const preview: RulePreview = { calls: 0, allow: 0, ask: 0, deny: 0, unclear: 0, changed: 0, examples: [] };
  const seen = new Set<string>();
  for (const row of rows) {
    // A call may have a row for its beginning and one for its end.
    if (row.callId !== null && seen.has(row.callId)) continue;
    const effects = effectsOf(row);
    if (effects === undefined) continue;
    if (row.callId !== null) seen.add(row.callId);
    preview.calls++;
    if (effects === 'unclear') {
      preview.unclear++;
      continue;
    }
    const context = { clientId: row.clientId ?? '', clientName: row.actor, now };
    const then = after.decide(effects, context).decision;
    const is = before.decide(effects, context).decision;
    preview[then]++;
    if (then === is) continue;
    preview.changed++;
    if (preview.examples.length < EXAMPLES) {
      const { seq, at, actor, summary } = row;
      preview.examples.push({ seq, at, actor, summary, before: is, after: then });
    }
  }
  return preview;
}

/** Undefined: the row does not speak of effects. A text that was shortened is no longer what was asked. */
function effectsOf(row: AuditRow): Effect[] | 'unclear' | undefined {
  const { effects, effectsOmitted } = row.detail;
  if (!Array.isArray(effects) || effects.length === 0) return undefined;
  if (effectsOmitted !== undefined) return 'unclear';
  const parsed: Effect[] = [];
  for (const one of effects) {
    const { decision: _decision, by: _by, ...rest } = one as Record<string, unknown>;
    const effect = Effect.safeParse(rest);
    if (!effect.success) return 'unclear';
    parsed.push(effect.data);
  }
  return parsed;
}
