import type { RunContext } from '../../core/tool.ts';
import { type PlannedFile, sameFile } from './file.ts';
import type { Job } from './jobs.ts';
import type { Postgres } from './postgres.ts';
import type { PlannedServer, Source } from './source.ts';
import type { Sqlite } from './sqlite.ts';

/** What answers, loaded when it is first asked. */
export class Engines {
  readonly #load: { readonly sqlite: () => Promise<Sqlite>; readonly postgres: () => Promise<Postgres> };
  #sqlite: Promise<Sqlite> | undefined;
  #postgres: Promise<Postgres> | undefined;

  constructor(load: { readonly sqlite: () => Promise<Sqlite>; readonly postgres: () => Promise<Postgres> }) {
    this.#load = load;
  }

  /** Asks a database, whichever kind it is. */
  async ask<T>(source: Source, job: Exclude<Job, { op: 'write' }>, context: RunContext): Promise<T> {
    if (source.kind === 'server') return this.askServer<T>(source, job, context);
    return (await this.#file()).run<T>(await sameFile(context, source, 'read'), job, limits(context));
  }

  async askServer<T>(source: PlannedServer, job: Job, context: RunContext): Promise<T> {
    this.#postgres ??= this.#load.postgres();
    const { signal, seconds } = limits(context);
    return (await this.#postgres).run<T>(source, job, { signal, seconds, client: context.client });
  }

  async changeFile<T>(
    file: PlannedFile,
    job: Job,
    context: RunContext,
    locked: (state: { readonly whole: boolean }) => Promise<void>,
  ): Promise<T> {
    return (await this.#file()).run<T>(await sameFile(context, file, 'write'), job, {
      ...limits(context),
      locked,
    });
  }

  #file(): Promise<Sqlite> {
    this.#sqlite ??= this.#load.sqlite();
    return this.#sqlite;
  }

  /** Ends what runs. The next question begins anew. */
  async close(): Promise<void> {
    const running = this.#sqlite;
    this.#sqlite = undefined;
    (await running)?.close();
  }
}

function limits({ signal, settings }: RunContext): { signal: AbortSignal; seconds: number } {
  return { signal, seconds: settings.databases.timeoutSeconds };
}
