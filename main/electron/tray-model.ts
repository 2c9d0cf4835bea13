import type { ServerStatus } from '../../contract/entities.ts';
import type { WireError } from '../../contract/errors.ts';
import type { ShellMessages } from './messages.ts';

export type TrayState = 'off' | 'on' | 'waiting' | 'error';

/** What the tray knows. */
export interface TrayFacts {
  readonly status: ServerStatus | undefined;
  readonly problem: WireError | undefined;
  readonly waiting: number;
  /** The last calls' summaries, newest first, free of hidden characters. */
  readonly recent: readonly string[];
}

export type TrayAction = 'toggle' | 'answer' | 'open' | 'activity' | 'quit';

export interface TrayEntry {
  readonly label: string;
  readonly action?: TrayAction;
  readonly separator?: boolean;
}

export interface TrayModel {
  readonly state: TrayState;
  readonly toolTip: string;
  readonly entries: readonly TrayEntry[];
}

const LABEL = 60;

/** What the tray shows for what is known. An entry without an action only says something. */
export function trayModel(facts: TrayFacts, m: ShellMessages): TrayModel {
  const { status, problem, waiting, recent } = facts;
  const running = status?.running === true;
  const failing = problem !== undefined || (running && status.audit !== 'ok');
  const state: TrayState = failing ? 'error' : !running ? 'off' : waiting > 0 ? 'waiting' : 'on';
  const word = problem !== undefined ? m.failed : failing ? m.refusing : running ? m.on : m.off;
  const separator: TrayEntry = { label: '', separator: true };
  return {
    state,
    toolTip: `Fastband: ${waiting > 0 ? m.waiting(waiting) : word}`,
    entries: [
      { label: word },
      ...(waiting > 0 ? [{ label: m.waiting(waiting) }, { label: m.answer, action: 'answer' as const }] : []),
      separator,
      ...(problem === undefined
        ? [{ label: running ? m.turnOff : m.turnOn, action: 'toggle' as const }]
        : []),
      { label: m.open, action: 'open' },
      separator,
      { label: recent.length === 0 ? m.noCalls : m.recent },
      ...recent.map((text) => ({ label: shortened(text), action: 'activity' as const })),
      separator,
      { label: m.quit, action: 'quit' },
    ],
  };
}

/** `&` marks a key in menus of Windows and Linux: doubled, it is itself. */
function shortened(text: string): string {
  const plain = text.length > LABEL ? `${text.slice(0, LABEL - 1)}…` : text;
  return plain.replaceAll('&', '&&');
}
