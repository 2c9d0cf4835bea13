import type { Approval } from '../contract/approvals.ts';
import type { AuditRow } from '../contract/audit.ts';
import { CHANNELS } from '../contract/channels.ts';
import type { HostEvent } from '../contract/events.ts';
import { DEFAULT_SETTINGS } from '../contract/settings.ts';
import { FastbandError } from '../main/core/errors.ts';
import type { PanelApp } from '../main/headless/panel.ts';

/** An effect that asks. */
export const change = { kind: 'write', workspace: 'shop', path: 'src/cart.ts', op: 'modify' } as const;

/** One that waits for an answer. */
export function approval(id: string, more: Partial<Approval> = {}): Approval {
  const effects = more.effects ?? [{ ...change, path: id }];
  return {
    id,
    status: 'waiting',
    title: `Claude Code wants to change ${id} in shop`,
    clientId: 'k1',
    clientName: 'Claude Code',
    tool: 'edit_file',
    planHash: `plan of ${id}`,
    effects,
    reasons: effects.map((effect) => ({
      effect,
      decision: 'ask',
      reason: { by: 'default', id: 'ask', text: 'No rule covers this.' },
    })),
    previews: [
      { kind: 'diff', path: 'src/cart.ts', diff: '@@ -1 +1 @@\n-a\n+b\n', added: 1, removed: 1, omitted: 0 },
    ],
    warnings: [],
    scopes: ['once', 'session', 'hour', 'always'],
    suggestions: [
      {
        id: 'exact',
        label: 'change src/cart.ts in shop',
        match: [{ kind: 'write', paths: ['src/cart.ts'] }],
      },
      { id: 'folder', label: 'change src/** in shop', match: [{ kind: 'write', paths: ['src/**'] }] },
    ],
    waiters: 1,
    createdAt: Date.now(),
    expiresAt: Date.now() + 300_000,
    ...more,
  };
}

const changed: AuditRow = {
  seq: 1,
  at: Date.now(),
  type: 'call.finished',
  callId: 'c_1',
  actor: 'Claude Code',
  clientId: 'k1',
  tool: 'edit_file',
  kinds: ['write'],
  decision: 'ask',
  outcome: 'ok',
  durationMs: 12,
  summary: 'Changed src/cart.ts, +1 −1',
  detail: {},
  prev: '',
  hash: '',
};

/** A core with a queue of approvals and nothing else. */
export class FakeApp {
  approvals: Approval[] = [];
  readonly decided: unknown[] = [];
  /** When calls came, in milliseconds since the epoch. */
  calls: number[] = [];
  /** What a call changed cannot be read. */
  diffFails = false;
  readonly #listeners = new Set<(event: HostEvent) => void>();
  readonly app: PanelApp = {
    handle: async (channel, input) => CHANNELS[channel].output.parse(this.#answer(channel, input)) as never,
    exportAudit: async function* () {},
    picture: async () => ({ data: Buffer.alloc(0), type: 'image/png' }),
    subscribe: (listener) => {
      this.#listeners.add(listener);
      return () => this.#listeners.delete(listener);
    },
    authFailed: () => {},
  };

  ask(one: Approval): void {
    this.approvals.push(one);
    this.#tell({ type: 'approval.added', approval: one });
  }

  call(at: number): void {
    this.calls.push(at);
    this.#tell({ type: 'audit.row', row: { ...changed, seq: this.calls.length + 1, at } });
  }

  #tell(event: HostEvent): void {
    for (const tell of this.#listeners) tell(event);
  }

  #answer(channel: string, input: unknown): unknown {
    switch (channel) {
      case 'server.status':
        return {
          running: true,
          version: '0',
          home: '/home',
          pid: 1,
          waitingApprovals: 0,
          activeCalls: 0,
          audit: 'ok',
          problems: [],
        };
      case 'approvals.list':
        return this.approvals;
      case 'audit.search':
        return { rows: [changed], next: null };
      case 'audit.index':
        return { total: 1, newest: 1, anchors: [1] };
      case 'audit.get':
        return changed;
      case 'audit.call':
        return [changed];
      case 'audit.stats':
        return this.#stats(CHANNELS['audit.stats'].input.parse(input));
      case 'settings.get':
        return DEFAULT_SETTINGS;
      case 'journal.diff':
        if (this.diffFails) throw new FastbandError('internal', 'The kept files cannot be read.');
        return [];
      case 'health.get':
      case 'tools.list':
      case 'workspaces.list':
        return [];
      case 'journal.list':
        return [
          {
            id: 1,
            callId: 'c_1',
            at: 0,
            clientName: '',
            tool: '',
            workspace: '',
            path: '',
            op: 'modify',
            bytes: 1,
            undoable: true,
          },
        ];
      case 'journal.undo':
        throw new FastbandError('conflict', 'src/cart.ts has changed since.');
      case 'clients.list':
        return [];
      case 'approvals.decide': {
        this.decided.push(input);
        const { id, decision } = CHANNELS['approvals.decide'].input.parse(input);
        const at = this.approvals.findIndex((one) => one.id === id);
        const old = this.approvals[at];
        if (old === undefined) throw new FastbandError('not_found', 'There is no such approval.');
        const settled: Approval = {
          ...old,
          status: decision === 'allow' ? 'allowed' : 'denied',
          settledAt: Date.now(),
        };
        this.approvals[at] = settled;
        return settled;
      }
      default:
        throw new Error(`the page asked for ${channel}`);
    }
  }

  #stats({ from = 0, to = Date.now() }: { from?: number | undefined; to?: number | undefined }): unknown {
    const calls = this.calls.filter((at) => at >= from && at < to).length;
    const none = { ok: calls, error: 0, denied: 0, cancelled: 0, timeout: 0, meanMs: null, lastAt: null };
    return { from, to, groups: [{ key: String(from), name: '', calls, ...none }] };
  }
}
