import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../../../contract/settings.ts';
import type { AuditEntry } from '../../core/audit-entry.ts';
import { fakePorts, realClock } from '../../core/testing.ts';
import { createNet } from '../../guard/net.ts';
import { Browsers } from './browsers.ts';
import { BROWSERS_FOLDER, ownBrowser, type PinnedBrowser, pinnedBrowser } from './fetch-browser.ts';
import { findBrowser } from './find-browser.ts';
import { Site } from './testing.ts';

interface Packer {
  addBuffer(data: Buffer, path: string, options: { mode: number }): void;
  end(): void;
  readonly outputStream: Readable;
}
const { yazl } = createRequire(import.meta.url)('playwright-core/lib/utilsBundle') as {
  yazl: { ZipFile: new () => Packer };
};

const PROGRAM = 'shell-linux64/shell';
const OLD = 'chromium_headless_shell-1';
const NAME = 'chromium_headless_shell-2';

function packed(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const zip = new yazl.ZipFile();
  for (const [path, text] of Object.entries(files))
    zip.addBuffer(Buffer.from(text), path, { mode: 0o100755 });
  zip.end();
  return buffer(zip.outputStream);
}

/** A program that says a version, as Chromium does. */
const says = (version: string) => `#!/bin/sh\necho "Shell ${version}"\n`;
const whole = () => packed({ [PROGRAM]: says('9.8.7'), 'shell-linux64/data.pak': 'x'.repeat(50_000) });

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'fastband-fetch-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function setUp(answer: (req: IncomingMessage, res: ServerResponse) => void, allowed = true) {
  const site = await Site.start({
    '/b.zip': answer,
    '/moved': (_, res) => void res.writeHead(302, { location: '/b.zip' }).end(),
  });
  onTestFinished(() => site.close());
  const pinned: PinnedBrowser = {
    name: NAME,
    program: PROGRAM,
    version: '9.8.7',
    urls: [site.url('/b.zip')],
  };
  const rows: AuditEntry[] = [];
  const browsers = (one: PinnedBrowser | undefined = pinned) =>
    new Browsers({
      net: createNet({ allowedHosts: () => (allowed ? [`127.0.0.1:${site.port}`] : []) }),
      ports: fakePorts(realClock, { home }),
      settings: () => DEFAULT_SETTINGS,
      audit: (entry) => void rows.push(entry),
      pinned: async () => one,
    });
  const told: [number, number][] = [];
  const fetch = (signal = new AbortController().signal, one = pinned) =>
    browsers(one).fetch({ signal, progress: (...now) => void told.push(now) });
  const own = () => ownBrowser(join(home, BROWSERS_FOLDER), async () => pinned);
  const left = () => readdirSync(join(home, BROWSERS_FOLDER));
  return { site, pinned, rows, told, fetch, own, left };
}

const send = (data: Buffer) => (_: IncomingMessage, res: ServerResponse) =>
  void res.writeHead(200, { 'content-length': data.length }).end(data);

test('a browser is fetched whole into Fastband’s folder, closed to others, and found from then on', async () => {
  const data = await whole();
  const { fetch, own, left, rows, told, pinned } = await setUp(send(data));
  await mkdir(join(home, BROWSERS_FOLDER, OLD), { recursive: true, mode: 0o700 });
  await mkdir(join(home, BROWSERS_FOLDER, '.draft-of-a-crash'));
  expect(await own()).toBeUndefined();
  await fetch();
  const program = join(home, BROWSERS_FOLDER, NAME, PROGRAM);
  expect(await own()).toBe(program);
  expect(left()).toEqual([NAME]);
  for (const path of [
    program,
    join(program, '..'),
    join(home, BROWSERS_FOLDER, NAME),
    join(home, BROWSERS_FOLDER),
  ])
    expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(await findBrowser('', {}, own, 'win32')).toEqual({ name: 'Chromium (fetched)', path: program });
  expect(told.at(-1)).toEqual([data.length, data.length]);
  expect(rows).toEqual([
    {
      type: 'browser.fetched',
      actor: 'person',
      outcome: 'ok',
      summary: 'Chromium 9.8.7 was fetched, for clients to open pages in.',
      detail: { urls: pinned.urls },
    },
  ]);
});

test('the next address is tried when one fails, and redirects are followed', async () => {
  const { site, pinned, fetch, own } = await setUp(send(await whole()));
  await fetch(undefined, { ...pinned, urls: [site.url('/none'), site.url('/moved')] });
  expect(site.hits).toEqual(['GET /none', 'GET /moved', 'GET /b.zip']);
  expect(await own()).toBeDefined();
});

describe('nothing half-installed is left, an older browser stays, and what to do is said, when', () => {
  test.each<readonly [string, (data: Buffer) => (req: IncomingMessage, res: ServerResponse) => void, RegExp]>(
    [
      [
        'there is none',
        () => (_, res) => void res.writeHead(404).end(),
        /answered 404\. Try again later, or install/,
      ],
      [
        'it breaks off',
        (data) => (_, res) => {
          res.writeHead(200, { 'content-length': data.length });
          res.write(data.subarray(0, 20_000 > data.length ? 200 : 20_000), () => res.destroy());
        },
        /broke off\. Try again later/,
      ],
      [
        'half of it comes as if it were whole',
        (data) => (_, res) => void res.end(data.subarray(0, data.length / 2)),
        /no whole archive/,
      ],
      ['it is a page of a sign-in', () => (_, res) => void res.end('<html>Sign in'), /no whole archive/],
    ],
  )('%s', async (_, answer, problem) => {
    const { fetch, own, left, rows } = await setUp(answer(await whole()));
    await mkdir(join(home, BROWSERS_FOLDER, OLD), { recursive: true, mode: 0o700 });
    await expect(fetch()).rejects.toMatchObject({
      code: 'fetch_failed',
      message: expect.stringMatching(problem),
    });
    expect(left()).toEqual([OLD]);
    expect(await own()).toBeUndefined();
    expect(rows).toMatchObject([{ type: 'browser.fetched', outcome: 'error' }]);
  });

  test.each<readonly [string, Readonly<Record<string, string>>, string, RegExp]>([
    ['the archive holds something else', { 'a.txt': 'a' }, 'fetch_failed', /holds no browser/],
    ['it is another version', { [PROGRAM]: says('1.2.3') }, 'fetch_failed', /version 1\.2\.3, not 9\.8\.7/],
    [
      'it does not start',
      { [PROGRAM]: '#!/bin/sh\nexit 127\n' },
      'browser_unavailable',
      /does not start here/,
    ],
  ])('%s', async (_, files, code, problem) => {
    const { fetch, left, own } = await setUp(send(await packed(files)));
    await mkdir(join(home, BROWSERS_FOLDER, OLD), { recursive: true, mode: 0o700 });
    await expect(fetch()).rejects.toMatchObject({ code, message: expect.stringMatching(problem) });
    expect(left()).toEqual([OLD]);
    expect(await own()).toBeUndefined();
  });

  test('it is cancelled', async () => {
    const stop = new AbortController();
    const { fetch, left, rows } = await setUp((_, res) => {
      res.writeHead(200, { 'content-length': 1000 });
      res.write('PK', () => stop.abort(new Error('stopped')));
    });
    await expect(fetch(stop.signal)).rejects.toThrow('stopped');
    expect(left()).toEqual([]);
    expect(rows).toMatchObject([{ outcome: 'cancelled' }]);
  });

  test('the server is one that the guard keeps closed', async () => {
    const { fetch, left, site } = await setUp(send(await whole()), false);
    await expect(fetch()).rejects.toMatchObject({ code: 'url_refused' });
    expect(left()).toEqual([]);
    expect(site.hits).toEqual([]);
  });
});

test('an archive cannot write beside its folder', async () => {
  const data = await packed({ 'xx/yy': 'out', [PROGRAM]: says('9.8.7') });
  // The same length, so that the archive stays whole.
  const evil = Buffer.from(data.toString('latin1').replaceAll('xx/yy', '../yy'), 'latin1');
  const { fetch, left } = await setUp(send(evil));
  await expect(fetch()).rejects.toMatchObject({ code: 'fetch_failed' });
  expect(left()).toEqual([]);
  expect(existsSync(join(home, BROWSERS_FOLDER, 'yy'))).toBe(false);
});

test('what is fetched is the build that Playwright names for this system, over https', async () => {
  const pinned = await pinnedBrowser();
  expect(pinned).toMatchObject({
    name: expect.stringMatching(/^chromium_headless_shell-\d+$/),
    version: expect.stringMatching(/^\d+(?:\.\d+){3}$/),
  });
  expect(pinned?.urls.length).toBeGreaterThan(0);
  for (const url of pinned?.urls ?? []) expect(url).toMatch(/^https:.*headless-shell.*\.zip$/);
});
