import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { BackupFacts } from '../../contract/backups.ts';
import type { WireError } from '../../contract/errors.ts';
import { FastbandError } from '../core/errors.ts';
import type { CreateJob } from './create.ts';
import type { ExamineJob } from './examine.ts';
import { DRAFT } from './names.ts';

export type BackupJob = ({ readonly op: 'create' } & CreateJob) | ({ readonly op: 'examine' } & ExamineJob);

export interface WorkOptions {
  readonly signal?: AbortSignal;
  /** In bytes. */
  readonly progress?: (done: number, total: number) => void;
}

/** Makes a backup on a thread of its own: encryption takes the whole of a core for seconds. */
export async function runCreate(job: Omit<CreateJob, 'staging'>, options: WorkOptions = {}): Promise<void> {
  await inDraft(join(job.home, 'backups'), async (staging) => {
    await runWorker({ op: 'create', ...job, staging }, options);
  });
}

/** Unpacks and examines a backup on a thread of its own, into a folder that is there already and empty. */
export function runExamine(job: ExamineJob, options: WorkOptions = {}): Promise<BackupFacts> {
  return runWorker({ op: 'examine', ...job }, options) as Promise<BackupFacts>;
}

/** An empty folder for the time of `work`. */
export async function inDraft<T>(parent: string, work: (folder: string) => Promise<T>): Promise<T> {
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const folder = join(parent, `${DRAFT}${randomBytes(6).toString('hex')}`);
  await mkdir(folder, { mode: 0o700 });
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

interface Answer {
  readonly value?: unknown;
  readonly error?: WireError;
  readonly cause?: string;
  readonly done?: number;
  readonly total?: number;
}

async function runWorker(job: BackupJob, { signal, progress }: WorkOptions): Promise<unknown> {
  signal?.throwIfAborted();
  const file = import.meta.url.endsWith('.ts') ? './backup-worker.ts' : './backup-worker.js';
  const worker = new Worker(new URL(file, import.meta.url), {
    workerData: job,
    name: 'backup',
    execArgv: [],
    env: {},
  });
  let stop = () => {};
  try {
    return await new Promise<unknown>((resolve, reject) => {
      stop = () => reject(signal?.reason);
      signal?.addEventListener('abort', stop);
      worker.on('message', ({ value, error, cause, done, total }: Answer) => {
        if (done !== undefined && total !== undefined) progress?.(done, total);
        else if (error === undefined) resolve(value);
        else reject(new FastbandError(error.code, error.message, { cause }));
      });
      worker.on('error', (cause) => reject(cutOff(cause)));
      worker.on('exit', () => reject(cutOff()));
    });
  } finally {
    signal?.removeEventListener('abort', stop);
    await worker.terminate();
  }
}

function cutOff(cause?: unknown): FastbandError {
  return new FastbandError(
    'internal',
    'The work on this backup was cut off. Check free disk space and try again.',
    {
      cause,
    },
  );
}
