import type { ChildProcess } from 'node:child_process';
import type { Page } from 'playwright-core';
import type { Order } from '../electron-double/control.ts';

/** What a test needs of a running app, whatever it runs on. */
export interface Driver {
  readonly process: ChildProcess;
  readonly stderr: () => string;
  readonly order: (order: Order) => Promise<unknown>;
  readonly pages: () => Promise<readonly Page[]>;
  /** Asks whatever is left to end. */
  readonly release: () => Promise<void>;
}

/** How an app is started. */
export interface Start {
  /** The folder with the app: `dist`, `resources`, `package.json`. */
  readonly root: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** What the process writes to stderr, from now on. */
export function stderrOf(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  return () => text;
}
