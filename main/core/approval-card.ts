import type { Approval, Preview, PreviewTitle, Warning } from '../../contract/approvals.ts';
import { hasHidden, showHidden, showLine } from '../../contract/display.ts';
import type { Effect } from '../../contract/effects.ts';
import type { Explanation } from '../../contract/policy.ts';
import { titleOf, warning } from '../../contract/sentences.ts';
import { en } from '../../contract/words-en.ts';
import { suggest } from './suggest.ts';
import type { PlanPreview } from './tool.ts';
import { TRIAL } from './trial.ts';

/** What a call asks a person for. */
export interface ApprovalRequest {
  readonly callId: string;
  readonly client: { readonly id: string; readonly name: string };
  readonly tool: string;
  readonly toolHash: string;
  readonly planHash: string;
  /** Characters of the plan, which each call that waits for it holds in memory. */
  readonly size: number;
  readonly explanation: Explanation;
  readonly preview: PlanPreview;
  readonly timeoutMs: number;
}

/** The approval of a call as a person sees it: every text display-safe, the title made from effects alone. */
export function newApproval(request: ApprovalRequest, id: string, now: number): Approval {
  const effects = request.explanation.effects.map((one) => one.effect);
  const asked = request.explanation.effects.filter((one) => one.decision === 'ask');
  // A rule that asks is asked every time; and a person's trial leaves nothing behind.
  const onlyOnce = request.client.id === TRIAL.id || asked.some((one) => one.reason.by === 'rule');
  const previews = request.preview.previews.map(displaySafe);
  const hidden =
    JSON.stringify([previews, effects.map(effectText)]).includes('⟦') ||
    effects.some((one) => hasHidden(effectText(one)));
  const warnings = [
    ...request.preview.warnings.map(aboutShown),
    ...(hidden ? [warning('hiddenCharacters')] : []),
  ];
  return {
    id,
    status: 'waiting',
    title: titleOf(request.client.name, effects, en),
    clientId: request.client.id,
    clientName: showLine(request.client.name),
    tool: request.tool,
    planHash: request.planHash,
    effects,
    reasons: request.explanation.effects,
    previews,
    warnings,
    scopes: onlyOnce ? ['once'] : ['once', 'session', 'hour', 'always'],
    suggestions: onlyOnce ? [] : suggest(asked.map((one) => one.effect)),
    waiters: 0,
    createdAt: now,
    expiresAt: now + request.timeoutMs,
  };
}

function effectText(effect: Effect): string {
  return Object.values(effect).flat().join(' ');
}

/** What words are about, with nothing hidden in it. */
function aboutShown<T extends Warning | PreviewTitle>(said: T): T {
  return { ...said, about: said.about.map((one) => (typeof one === 'string' ? showLine(one) : one)) };
}

function displaySafe(preview: Preview): Preview {
  switch (preview.kind) {
    case 'diff':
      return {
        ...preview,
        path: showLine(preview.path),
        diff: showHidden(plainLineEnds(preview.diff, isDiffContent)),
      };
    case 'command':
      return {
        ...preview,
        argv: preview.argv.map(showLine),
        cwd: showLine(preview.cwd),
        binary: showLine(preview.binary),
        env: preview.env.map(showLine),
        ...(preview.stdin === undefined
          ? {}
          : { stdin: showHidden(plainLineEnds(preview.stdin, (line) => line !== '')) }),
      };
    case 'text':
      return {
        ...preview,
        title: aboutShown(preview.title),
        text: showHidden(plainLineEnds(preview.text, (line) => line !== '')),
      };
  }
}

/** Lines that all end in CRLF are how a file is; a stray carriage return is something to see. */
function plainLineEnds(text: string, isContent: (line: string) => boolean): string {
  const lines = text.split('\n');
  const plain = lines.every((line) => line.endsWith('\r') || !isContent(line));
  return plain ? lines.map((line) => line.replace(/\r$/, '')).join('\n') : text;
}

function isDiffContent(line: string): boolean {
  return /^[ +-]/.test(line) && !/^(?:---|\+\+\+) /.test(line);
}
