import { Worker } from 'node:worker_threads';
import type { PolicyFile } from '../../contract/policy.ts';
import { sha256Hex } from './canonical.ts';
import { FastbandError } from './errors.ts';

export interface PolicyQuestion {
  readonly text: string;
  readonly name: string;
}

export type PolicyAnswer = { readonly policy: PolicyFile } | { readonly problem: string };

/** A file that takes longer was made to, in milliseconds: one with as many rules as may be takes a tenth of it. */
const LIMIT_MS = 3000;
/** In characters. Longer ones are read on a thread, which takes longer to start than a short one takes to read. */
const SHORT = 8000;
/** Answers that are kept: looks at a workspace's health ask for the same file again and again. */
const MAX_KNOWN = 50;

const known = new Map<string, PolicyAnswer>();
let turn: Promise<unknown> = Promise.resolve();

/**
 * Reads a policy file's text as `parsePolicy` does, a long one on a thread with a limit of time: strangers write
 * projects' files, and some keep a YAML parser busy for minutes.
 *
 * @param name - what messages call the file
 * @throws FastbandError `invalid_input`, with the line of each problem
 */
export async function readPolicy(text: string, name: string): Promise<PolicyFile> {
  if (text.length <= SHORT) {
    const { parsePolicy } = await import('./policy-file.ts');
    return parsePolicy(text, name);
  }
  const key = sha256Hex(JSON.stringify([name, text]));
  let answer = known.get(key);
  if (answer === undefined) {
    // One after the other: many workspaces at once must not be as many threads.
    const asked = turn.then(() => ask({ text, name }));
    turn = asked.catch(() => {});
    answer = await asked;
    known.set(key, answer);
    const [oldest] = known.keys();
    if (known.size > MAX_KNOWN && oldest !== undefined) known.delete(oldest);
  }
  if ('problem' in answer) throw new FastbandError('invalid_input', answer.problem);
  return answer.policy;
}

async function ask(question: PolicyQuestion): Promise<PolicyAnswer> {
  // From source Node runs the TypeScript itself; a build puts the bundled worker beside its other files.
  const file = import.meta.url.endsWith('.ts') ? './policy-worker.ts' : './policy-worker.js';
  const worker = new Worker(new URL(file, import.meta.url), {
    name: 'policy-reader',
    execArgv: [],
    env: {},
    workerData: question,
    // More than it can take in its time: a thread at its limit may end the process and not only itself.
    resourceLimits: { maxOldGenerationSizeMb: 2048 },
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<PolicyAnswer>((resolve, reject) => {
      const problem = `${question.name} is too large or too tangled to be read.`;
      // A thread that does not come to be says nothing of the file: the next look begins anew.
      let fail = (cause?: unknown) => reject(new FastbandError('invalid_input', problem, { cause }));
      worker.once('online', () => {
        fail = () => resolve({ problem });
        timer = setTimeout(fail, LIMIT_MS);
      });
      worker.once('message', resolve);
      worker.once('error', (error) => fail(error));
      worker.once('exit', () => fail());
    });
  } finally {
    clearTimeout(timer);
    void worker.terminate();
  }
}
