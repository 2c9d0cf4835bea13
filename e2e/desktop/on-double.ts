import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { Order } from '../electron-double/control.ts';
import { type Driver, type Start, stderrOf } from './driver.ts';

const DOUBLE = join(import.meta.dirname, '..', 'electron-double', 'register.ts');

interface Answer {
  readonly value?: unknown;
  readonly error?: string;
}

export function forkOnDouble({ root, args, env }: Start): ChildProcess {
  return fork(join(root, 'dist', 'main.js'), [...args], {
    execArgv: ['--import', DOUBLE],
    env,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
}

/** An app on the Electron double, which answers orders over the process's own channel. */
export function startOnDouble(start: Start): Driver {
  const child = forkOnDouble(start);
  const stderr = stderrOf(child);
  const waiting = new Map<number, (answer: Answer) => void>();
  let next = 1;
  let browser: Browser | undefined;
  child.on('message', (message: Answer & { id: number }) => {
    waiting.get(message.id)?.(message);
    waiting.delete(message.id);
  });
  child.on('exit', (code) => {
    for (const settle of waiting.values()) settle({ error: `the app ended (${code}): ${stderr()}` });
    waiting.clear();
  });
  const order = async (what: Order): Promise<unknown> => {
    const id = next++;
    const answer = new Promise<Answer>((resolve) => waiting.set(id, resolve));
    child.send({ id, order: what });
    const { value, error } = await answer;
    if (error !== undefined) throw new Error(error);
    return value;
  };
  return {
    process: child,
    stderr,
    order,
    pages: async (): Promise<readonly Page[]> => {
      browser ??= await chromium.connectOverCDP((await order({ do: 'endpoint' })) as string);
      return browser.contexts()[0]?.pages() ?? [];
    },
    release: async () => {
      await browser?.close().catch(() => {});
      if (child.connected) child.disconnect();
    },
  };
}
