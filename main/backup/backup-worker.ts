import { parentPort, workerData } from 'node:worker_threads';
import { toWireError } from '../core/errors.ts';
import { createBackup } from './create.ts';
import { examineBackup } from './examine.ts';
import type { BackupJob } from './work.ts';

/** Told at most this often, in milliseconds. */
const TELL_MS = 50;

const job = workerData as BackupJob;
let told = 0;
const progress = (done: number, total: number) => {
  const now = performance.now();
  if (done < total && now - told < TELL_MS) return;
  told = now;
  parentPort?.postMessage({ done, total });
};

const work = job.op === 'create' ? createBackup(job, progress) : examineBackup(job, progress);
work.then(
  (value) => parentPort?.postMessage({ value: value ?? null }),
  (error: unknown) =>
    parentPort?.postMessage({
      error: toWireError(error),
      // For the log alone.
      cause: error instanceof Error ? error.stack : undefined,
    }),
);
