import { mkdir } from 'node:fs/promises';
import { CHANNELS, type Channel } from '../../contract/channels.ts';
import type { WireError } from '../../contract/errors.ts';
import type { HostEvent } from '../../contract/events.ts';
import { type App, composeApp } from '../app.ts';
import type { AppOptions } from '../composition.ts';
import { FastbandError, toWireError } from '../core/errors.ts';
import { nodePorts } from '../node-ports.ts';
import type { Log, SecretSource } from '../ports.ts';
import { writeWhole } from './export-file.ts';
import { forkUtility } from './fork.ts';
import type { ShowPicture } from './protocol.ts';

export interface CoreHostOptions {
  readonly home: string;
  readonly log: Log;
  /** Values that the log masks; the core adds those of the vault. */
  readonly secrets: SecretSource;
  readonly notify: (event: HostEvent) => void;
  /** Where a person wants a file of this name; null when they changed their mind. */
  readonly askWhere: (name: string) => Promise<string | null>;
  /** What the app knows of its own protection. */
  readonly desktop: NonNullable<AppOptions['desktop']>;
}

/** A start that takes longer, in milliseconds, is spoken of. */
const SLOW_MS = 8000;
const SLOW: WireError = { code: 'timeout', message: 'Starting takes longer than it should.' };

/** The core within the desktop. It may fail to start: the window then says why, and everything else asks again. */
export class CoreHost {
  readonly #options: CoreHostOptions;
  #app: App | undefined;
  #problem: WireError | undefined;
  #starting: Promise<void> | undefined;

  constructor(options: CoreHostOptions) {
    this.#options = options;
  }

  /** Why there is no core, or not yet. */
  get problem(): WireError | undefined {
    return this.#problem;
  }

  get app(): App | undefined {
    return this.#app;
  }

  /**
   * Composes the core and lets clients in. Never throws: what went wrong is `problem`. A server that cannot listen is
   * none, since the panel is there to mend it: the core's status says why.
   */
  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /** Waits for the start, but not for ever: then `problem` says so, for as long as it goes on. */
  async startInTime(): Promise<void> {
    let late: ReturnType<typeof setTimeout> | undefined;
    const slow = new Promise<void>((resolve) => {
      late = setTimeout(() => {
        this.#problem = SLOW;
        resolve();
      }, SLOW_MS);
    });
    await Promise.race([this.start(), slow]);
    clearTimeout(late);
  }

  /** What a window asks for. Waits for the start, so that a page never sees a core half there. @throws FastbandError */
  async handle(channel: Channel, input: unknown): Promise<unknown> {
    await this.start();
    if (this.#app === undefined)
      throw new FastbandError(
        this.#problem?.code ?? 'internal',
        this.#problem?.message ?? 'Fastband did not start.',
      );
    if (channel === 'audit.export') return this.#export(this.#app, input);
    return this.#app.handle(channel, input);
  }

  /** A picture of the gallery for a window; undefined where there is none. */
  async picture(id: string, size: 'full' | 'small'): ReturnType<ShowPicture> {
    await this.start();
    return this.#app?.picture(id, size).catch(() => undefined);
  }

  /** Denies what waits, ends what runs, closes the database. */
  async stop(): Promise<void> {
    await this.#starting;
    const app = this.#app;
    this.#app = undefined;
    await app?.stop();
    await app?.close();
  }

  async #start(): Promise<void> {
    const { home, log, secrets, notify, desktop } = this.#options;
    try {
      await mkdir(home, { recursive: true, mode: 0o700 });
      const app = await composeApp(nodePorts({ home, log, secrets, notify, fork: forkUtility }), {
        role: 'host',
        desktop,
      });
      this.#app = app;
      await app.start().catch((error: unknown) => log.error({ err: error }, 'the server did not start'));
      this.#problem = undefined;
    } catch (error) {
      this.#problem = toWireError(error);
      log.error({ err: error }, 'Fastband did not start');
    }
  }

  /** The rows go into the file that the person chose, and not through the page. */
  async #export(app: App, input: unknown): Promise<unknown> {
    const parsed = CHANNELS['audit.export'].input.safeParse(input);
    if (!parsed.success) throw new FastbandError('invalid_input', 'This is no export that Fastband knows.');
    const path = await this.#options.askWhere(`fastband-activity.${parsed.data.format}`);
    if (path === null) throw new FastbandError('cancelled', 'Nothing was exported.');
    let bytes = 0;
    let rows = 0;
    const counted = async function* (chunks: AsyncIterable<string>) {
      for await (const chunk of chunks) {
        bytes += Buffer.byteLength(chunk);
        rows += chunk.split('\n').length - 1;
        yield chunk;
      }
    };
    await writeWhole(path, counted(app.exportAudit(parsed.data)));
    return { rows: parsed.data.format === 'csv' ? Math.max(0, rows - 1) : rows, bytes };
  }
}
