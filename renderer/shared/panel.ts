import { useSyncExternalStore } from 'react';
import type { AuditRow } from '../../contract/audit.ts';
import type { HostEvent } from '../../contract/events.ts';
import { desktop } from './bridge.ts';
import { ask, bindSession, endSession, HostError, listen } from './host.ts';
import {
  type Connection,
  mergeRows,
  NOTHING_KNOWN,
  type PanelState,
  withApprovals,
  withEvent,
} from './panel-state.ts';

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 8000;
/** Longer than two heartbeats of the host. */
const SILENCE_MS = 40_000;
const LIST = 100;

/** The panel's connection to its host: keeps `state` as it is there, and connects again when it breaks. */
class PanelConnection {
  #state = NOTHING_KNOWN;
  #listeners = new Set<() => void>();
  readonly #eventListeners = new Set<(event: HostEvent) => void>();
  readonly #connectListeners = new Set<() => void>();
  #started = false;
  #journalTimer: ReturnType<typeof setTimeout> | undefined;

  readonly get = (): PanelState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (!this.#started) void this.#run();
    return () => this.#listeners.delete(listener);
  };

  /** Calls back for every event of the host. The answer ends it. */
  onEvent(listener: (event: HostEvent) => void): () => void {
    this.#eventListeners.add(listener);
    return () => this.#eventListeners.delete(listener);
  }

  /** Calls back each time that a connection is there: what was known before may be old. */
  onConnect(listener: () => void): () => void {
    this.#connectListeners.add(listener);
    return () => this.#connectListeners.delete(listener);
  }

  /** After an answer that tells of a change before its event does. */
  merge(change: (state: PanelState) => PanelState): void {
    this.#set(change(this.#state));
  }

  async logOut(): Promise<void> {
    await endSession();
    this.#set({ ...NOTHING_KNOWN, connection: 'signed-out' });
  }

  async #run(): Promise<void> {
    this.#started = true;
    let wait = FIRST_RETRY_MS;
    for (;;) {
      try {
        await this.#follow(() => {
          wait = FIRST_RETRY_MS;
        });
      } catch (error) {
        if (error instanceof HostError && error.code === 'unauthorized')
          return this.#connection('signed-out');
      }
      if (this.#state.connection === 'signed-out') return;
      this.#connection('lost');
      await new Promise((resolve) => setTimeout(resolve, wait));
      wait = Math.min(wait * 2, LAST_RETRY_MS);
    }
  }

  /** One connection, from its opening to its end. */
  async #follow(opened: () => void): Promise<void> {
    await bindSession();
    const quiet = new AbortController();
    // A connection that died without a word (sleep, a cut tunnel) is noticed by the heartbeat that does not come.
    let timer = setTimeout(() => quiet.abort(), SILENCE_MS);
    try {
      for await (const event of listen(quiet.signal, () => {
        clearTimeout(timer);
        timer = setTimeout(() => quiet.abort(), SILENCE_MS);
      })) {
        if (event === undefined) {
          opened();
          for (const listener of this.#connectListeners) listener();
          void this.#load(() => quiet.abort());
          continue;
        }
        this.#set(withEvent(this.#state, event));
        for (const listener of this.#eventListeners) listener(event);
        if (event.type === 'audit.row') this.#follows(event.row);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** @param giveUp - ends the connection, so that the next one tries again */
  async #load(giveUp: () => void): Promise<void> {
    const asked = this.#state;
    try {
      if (desktop()?.kind === 'approval') {
        const approvals = await ask('approvals.list', {});
        return this.#set(withApprovals(this.#state, asked, approvals));
      }
      const [status, approvals, found, journal, clients] = await Promise.all([
        ask('server.status', {}),
        ask('approvals.list', {}),
        ask('audit.search', { limit: LIST }),
        ask('journal.list', { limit: LIST }),
        ask('clients.list', {}),
      ]);
      this.#set({
        ...withApprovals(this.#state, asked, approvals),
        // What an event told meanwhile is newer than an answer.
        status: this.#state.status === asked.status ? status : this.#state.status,
        rows: mergeRows(this.#state.rows, found.rows),
        journal,
        clients,
      });
    } catch (error) {
      if (error instanceof HostError && error.code === 'unauthorized') this.#connection('signed-out');
      giveUp();
    }
  }

  /** What else a row says has changed. */
  #follows(row: AuditRow): void {
    if (row.type.startsWith('client.'))
      void ask('clients.list', {}).then(
        (clients) => this.merge((state) => ({ ...state, clients })),
        () => {},
      );
    if (row.type !== 'undo' && !(row.type === 'call.finished' && row.kinds.includes('write'))) return;
    clearTimeout(this.#journalTimer);
    this.#journalTimer = setTimeout(() => {
      void ask('journal.list', { limit: LIST }).then(
        (journal) => this.merge((state) => ({ ...state, journal })),
        () => {},
      );
    }, 300);
  }

  #connection(connection: Connection): void {
    this.#set({ ...this.#state, connection });
  }

  #set(state: PanelState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

export const panel = new PanelConnection();

export function usePanel(): PanelState {
  return useSyncExternalStore(panel.subscribe, panel.get);
}
