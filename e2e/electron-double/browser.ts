import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type BrowserContext, chromium } from 'playwright-core';
import { PAGES_IN } from '../chromium.ts';

/** One Chromium for one app. Others may drive the same pages at `endpoint`. */
export class DoubleBrowser {
  readonly endpoint: string;
  readonly context: BrowserContext;
  readonly #end: () => Promise<void>;

  private constructor(endpoint: string, context: BrowserContext, end: () => Promise<void>) {
    this.endpoint = endpoint;
    this.context = context;
    this.#end = end;
  }

  static async launch(): Promise<DoubleBrowser> {
    const profile = mkdtempSync(join(tmpdir(), 'fastband-double-'));
    const child = spawn(
      PAGES_IN,
      [
        '--headless=new',
        '--remote-debugging-port=0',
        `--user-data-dir=${profile}`,
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--disable-dev-shm-usage',
        '--disable-renderer-backgrounding',
        '--disable-backgrounding-occluded-windows',
        '--no-first-run',
        'about:blank',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const clean = () => {
      child.kill('SIGKILL');
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    };
    process.on('exit', clean);
    let endpoint = '';
    for await (const line of createInterface({ input: child.stderr })) {
      const found = /DevTools listening on (ws:\S+)/.exec(line)?.[1];
      if (found === undefined) continue;
      endpoint = found;
      break;
    }
    if (endpoint === '') throw new Error('Chromium ended before it was there');
    child.stderr.resume();
    const browser = await chromium.connectOverCDP(endpoint);
    const [context] = browser.contexts();
    if (context === undefined) throw new Error('Chromium has no context');
    return new DoubleBrowser(endpoint, context, async () => {
      await browser.close().catch(() => {});
      const ended = child.exitCode === null ? once(child, 'exit') : undefined;
      child.kill('SIGKILL');
      await ended;
    });
  }

  close(): Promise<void> {
    return this.#end();
  }
}

let launched: Promise<DoubleBrowser> | undefined;

export function browser(): Promise<DoubleBrowser> {
  launched ??= DoubleBrowser.launch();
  return launched;
}

export async function closeBrowser(): Promise<void> {
  await (await launched)?.close();
}
