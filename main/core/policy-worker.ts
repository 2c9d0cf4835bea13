import { parentPort, workerData } from 'node:worker_threads';
import { FastbandError } from './errors.ts';
import { parsePolicy } from './policy-file.ts';
import type { PolicyAnswer, PolicyQuestion } from './policy-reader.ts';

function answer({ text, name }: PolicyQuestion): PolicyAnswer {
  try {
    return { policy: parsePolicy(text, name) };
  } catch (error) {
    // What is not ours is a stack that overflows, and whatever else such files bring about: there is no answer then.
    if (error instanceof FastbandError) return { problem: error.message };
    throw error;
  }
}

parentPort?.postMessage(answer(workerData as PolicyQuestion));
