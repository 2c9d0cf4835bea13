import type { UpdateState } from '../../contract/desktop.ts';
import { showLine } from '../../contract/display.ts';
import type { Settings } from '../../contract/settings.ts';
import type { Clock, Log } from '../ports.ts';

/** A newer version that was found. */
export interface Found {
  readonly version: string;
  /** Fetches and verifies it. `percent`: 0 to 100. */
  readonly download: (progress: (percent: number) => void) => Promise<void>;
  readonly cancel: () => void;
}

/** Whatever knows where versions are and how to install one. */
export interface Updater {
  readonly check: (channel: Settings['updates']['channel']) => Promise<Found | undefined>;
  /** Ends the app and starts the version that was downloaded last. Calls back when that fails. */
  readonly install: (failed: (error: unknown) => void) => void;
}

export interface UpdatesDeps {
  /** The updater, or why there is none. */
  readonly open: () => Promise<Updater | 'sources' | 'noFeed'>;
  readonly settings: () => Settings['updates'];
  readonly clock: Clock;
  readonly log: Log;
  /** The phase has changed. */
  readonly changed: (state: UpdateState) => void;
  /** Asks the person whether to restart now: what waits for them will be denied. */
  readonly confirm: (version: string) => Promise<boolean>;
  /** Brings everything to rest and lets the next start in. False: the person stays, and everything goes on. */
  readonly leave: () => Promise<boolean>;
  /** The new version could not be installed after all: start the old one again. */
  readonly comeBack: () => void;
}

/** The start is over by then. */
const FIRST_MS = 10_000;
/** A timer of a day stands still while a laptop sleeps: the time is looked at more often. */
const TICK_MS = 60 * 60 * 1000;
const DAY_MS = 24 * TICK_MS;
const MESSAGE = 300;

/**
 * Looks for newer versions at the start and daily, and fetches them. Installs one only when a person says so: a
 * restart denies what waits for an answer and cancels what runs.
 */
export class Updates {
  readonly #deps: UpdatesDeps;
  #updater: Updater | undefined;
  #state: UpdateState = { phase: 'off', why: 'noFeed' };
  #channel: Settings['updates']['channel'] | undefined;
  #found: Found | undefined;
  #lookedAt: number | undefined;
  /** Counts looks: what an older one still brings is not wanted any more. */
  #look = 0;
  #asking = false;
  #cancelTick = () => {};

  constructor(deps: UpdatesDeps) {
    this.#deps = deps;
  }

  get state(): UpdateState {
    return this.#state;
  }

  /** Whether there is anywhere to look. */
  get available(): boolean {
    return this.#updater !== undefined;
  }

  async start(): Promise<void> {
    const { open, clock, log } = this.#deps;
    const updater = await open().catch((error: unknown) => {
      log.error({ err: error }, 'updates cannot be looked for');
      return 'noFeed' as const;
    });
    if (typeof updater === 'string') return this.#set({ phase: 'off', why: updater });
    this.#updater = updater;
    this.#set({ phase: 'current' });
    this.#cancelTick = clock.after(FIRST_MS, () => this.#tick());
  }

  stop(): void {
    this.#cancelTick();
    this.cancel();
  }

  /** Another channel may have another version, so what was fetched from the old one is let go. */
  settingsChanged(): void {
    if (this.#updater === undefined) return;
    const { channel, automatic } = this.#deps.settings();
    if (this.#channel !== undefined && channel !== this.#channel) {
      this.#channel = undefined;
      this.#lookedAt = undefined;
      this.#forget();
    }
    if (automatic) this.#whenDue();
  }

  /** Looks now, and fetches what is found. Never rejects: what went wrong is the state. */
  async check(): Promise<void> {
    const updater = this.#updater;
    const { phase } = this.#state;
    if (updater === undefined || phase === 'checking' || phase === 'loading' || phase === 'ready') return;
    const { clock, settings, log } = this.#deps;
    const look = ++this.#look;
    const wanted = () => look === this.#look;
    this.#channel = settings().channel;
    this.#lookedAt = clock.now();
    this.#set({ phase: 'checking' });
    try {
      const found = await updater.check(this.#channel);
      if (!wanted()) return;
      if (found === undefined) return this.#set({ phase: 'current', checkedAt: clock.now() });
      this.#found = found;
      const version = showLine(found.version);
      this.#set({ phase: 'loading', version, percent: 0 });
      await found.download((percent) => {
        if (wanted() && this.#state.phase === 'loading')
          this.#state = {
            phase: 'loading',
            version,
            percent: Math.min(100, Math.max(0, Math.round(percent))),
          };
      });
      if (wanted()) this.#set({ phase: 'ready', version });
    } catch (error) {
      if (!wanted()) return;
      this.#found = undefined;
      log.warn({ err: error }, 'the update failed');
      this.#set({ phase: 'failed', message: plain(error), checkedAt: clock.now() });
    }
  }

  /** Stops looking or fetching. What is ready stays ready. */
  cancel(): void {
    if (this.#state.phase === 'checking' || this.#state.phase === 'loading') this.#forget();
  }

  /** Asks the person, then restarts into the version that is ready. Does nothing when none is. */
  async install(): Promise<void> {
    const updater = this.#updater;
    const { confirm, leave, comeBack, log } = this.#deps;
    if (updater === undefined || this.#state.phase !== 'ready' || this.#asking) return;
    const { version } = this.#state;
    this.#asking = true;
    const agreed = await confirm(version).finally(() => {
      this.#asking = false;
    });
    if (!agreed) return;
    // While the question stood there, the channel may have changed.
    if (this.#state.phase !== 'ready' || this.#state.version !== version) return;
    if (!(await leave())) return;
    updater.install((error) => {
      log.error({ err: error }, 'the update could not be installed');
      comeBack();
    });
  }

  #forget(): void {
    this.#look++;
    this.#found?.cancel();
    this.#found = undefined;
    this.#set({ phase: 'current' });
  }

  #tick(): void {
    this.#cancelTick = this.#deps.clock.after(TICK_MS, () => this.#tick());
    if (this.#deps.settings().automatic) this.#whenDue();
  }

  #whenDue(): void {
    if (this.#lookedAt === undefined || this.#deps.clock.now() - this.#lookedAt >= DAY_MS) void this.check();
  }

  #set(state: UpdateState): void {
    this.#state = state;
    this.#deps.changed(state);
  }
}

/** Such errors carry stacks, headers and whole pages behind their first line. */
function plain(error: unknown): string {
  const [first = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return showLine(first).slice(0, MESSAGE);
}
