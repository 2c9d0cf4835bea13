import { chmod, lstat, mkdir, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { FastbandError } from '../../core/errors.ts';
import type { Progress } from '../../core/tasks.ts';
import type { Net } from '../../guard/net.ts';
import type { Clock } from '../../ports.ts';
import { isProgram, versionOf } from './find-browser.ts';

/** The one build of Chromium that this version of Playwright was made for. */
export interface PinnedBrowser {
  /** Of its folder: it names the revision. */
  readonly name: string;
  /** Path of the program within the folder. */
  readonly program: string;
  readonly version: string;
  /** Where it can be had, the first choice first. */
  readonly urls: readonly string[];
}

export interface FetchOptions {
  /** Where Fastband keeps browsers. */
  readonly folder: string;
  readonly pinned: PinnedBrowser;
  readonly net: Pick<Net, 'fetch'>;
  readonly clock: Pick<Clock, 'after'>;
  readonly signal: AbortSignal;
  /** In bytes. */
  readonly progress: Progress;
}

/** Within Fastband's home. */
export const BROWSERS_FOLDER = 'browsers';
const DRAFT = '.draft-';
/** It has some 120 MB. */
const MAX_BYTES = 1_000_000_000;
/** A server that sends nothing for so long is given up. */
const SILENCE_MS = 60_000;
const MAX_REDIRECTS = 5;

/** The browser that can be fetched for this system; undefined where Playwright has none. It honours PLAYWRIGHT_DOWNLOAD_HOST. */
export async function pinnedBrowser(): Promise<PinnedBrowser | undefined> {
  const { default: core } = await import('playwright-core/lib/coreBundle');
  // The shell is the part without windows: half the size, and all that is used here.
  const found = core.registry.registry.findExecutable('chromium-headless-shell');
  const path = found?.executablePath();
  const { directory, browserVersion, downloadURLs = [] } = found ?? {};
  if (path === undefined || directory === undefined || browserVersion === undefined) return undefined;
  if (downloadURLs.length === 0) return undefined;
  return {
    name: basename(directory),
    program: relative(directory, path),
    version: browserVersion,
    urls: downloadURLs,
  };
}

/**
 * Fetches a browser into a draft, looks whether it starts, and only then puts it in its place: whatever goes wrong, no
 * half of one is ever found. Browsers of other versions go.
 *
 * @returns path of the program
 * @throws FastbandError `fetch_failed`, `url_refused`, `browser_unavailable`; the signal's reason
 */
export async function fetchBrowser(options: FetchOptions): Promise<string> {
  const { folder, pinned, signal } = options;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = await mkdtemp(join(folder, DRAFT));
  try {
    const zip = join(draft, 'browser.zip');
    await downloadAny(zip, options);
    const unpacked = join(draft, 'browser');
    await unpack(zip, unpacked);
    signal.throwIfAborted();
    await closeToOthers(unpacked);
    await tryProgram(join(unpacked, pinned.program), pinned);
    signal.throwIfAborted();
    const place = join(folder, pinned.name);
    await rm(place, { recursive: true, force: true });
    await rename(unpacked, place);
    return join(place, pinned.program);
  } finally {
    await rm(draft, { recursive: true, force: true });
    await tidy(folder, pinned.name);
  }
}

/** The first address that answers with a whole file. */
async function downloadAny(file: string, options: FetchOptions): Promise<void> {
  const problems: unknown[] = [];
  for (const url of options.pinned.urls) {
    try {
      return await download(url, file, options);
    } catch (error) {
      options.signal.throwIfAborted();
      problems.push(error);
    }
  }
  throw problems[0];
}

async function download(url: string, file: string, { net, clock, signal, progress }: FetchOptions) {
  const host = URL.parse(url)?.host ?? url;
  const failed = (why: string, cause?: unknown) =>
    new FastbandError(
      'fetch_failed',
      `The browser could not be fetched: ${host} ${why}. Try again later, or install Chrome, Edge or Chromium yourself.`,
      { cause },
    );
  const silence = new AbortController();
  let stop = () => {};
  const listen = () => {
    stop();
    stop = clock.after(SILENCE_MS, () => silence.abort());
  };
  listen();
  try {
    const response = await follow(url, net, AbortSignal.any([signal, silence.signal]));
    if (response.status !== 200 || response.body === null) {
      await response.body?.cancel().catch(() => {});
      throw failed(`answered ${response.status}`);
    }
    const length = response.headers.get('content-length');
    const total = Number(length ?? 0);
    if (total > MAX_BYTES) throw failed('sends more than a browser has');
    let done = 0;
    const target = await open(file, 'w', 0o600);
    try {
      for await (const piece of response.body) {
        listen();
        done += piece.length;
        if (done > MAX_BYTES) throw failed('sends more than a browser has');
        await target.write(piece);
        progress(done, Math.max(total, done));
      }
    } finally {
      await target.close();
    }
    if (length !== null && done !== total) throw failed('broke off');
  } catch (error) {
    signal.throwIfAborted();
    if (silence.signal.aborted) throw failed(`sent nothing for ${SILENCE_MS / 1000} s`, error);
    // The guard's own words say what a person can allow.
    if (error instanceof FastbandError) throw error;
    throw failed('broke off', error);
  } finally {
    stop();
  }
}

/** Every address on the way is checked as any other, and none is less safe than the first. */
async function follow(url: string, net: Pick<Net, 'fetch'>, signal: AbortSignal) {
  let at = new URL(url);
  for (let count = 0; ; count++) {
    const response = await net.fetch(at, { signal });
    const to = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || to === null || count === MAX_REDIRECTS)
      return response;
    await response.body?.cancel().catch(() => {});
    const next = new URL(to, at);
    if (at.protocol === 'https:' && next.protocol !== 'https:')
      throw new FastbandError('url_refused', `${at.host} leads to an address that is not https.`);
    at = next;
  }
}

async function unpack(file: string, to: string): Promise<void> {
  const { default: core } = await import('playwright-core/lib/coreBundle');
  try {
    await core.utils.extractZip(file, { dir: to });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    throw new FastbandError(
      'fetch_failed',
      code === 'ENOSPC'
        ? 'There is no room on the disk for the browser. Free some, and fetch it again.'
        : 'What was fetched is no whole archive. Try again, or install Chrome, Edge or Chromium yourself.',
      { cause },
    );
  }
}

async function tryProgram(path: string, { version }: PinnedBrowser): Promise<void> {
  const info = await lstat(path).catch(() => undefined);
  if (info?.isFile() !== true)
    throw new FastbandError(
      'fetch_failed',
      'What was fetched holds no browser. Try again, or install Chrome, Edge or Chromium yourself.',
    );
  await chmod(path, 0o700);
  // Windows' programs do not tell.
  if (process.platform === 'win32') return;
  const told = await versionOf(path);
  if (told === undefined)
    throw new FastbandError(
      'browser_unavailable',
      `The browser was fetched but does not start here, as libraries that it needs are missing or its build is for another system. ${
        process.platform === 'linux'
          ? 'Install Chromium with your package manager (Debian and Ubuntu: sudo apt install chromium).'
          : 'Install Chrome, Edge or Chromium yourself.'
      }`,
    );
  if (told !== version)
    throw new FastbandError(
      'fetch_failed',
      `What was fetched is version ${told}, not ${version}. Try again, or install Chrome, Edge or Chromium yourself.`,
    );
}

/** As everything in Fastband's folder. */
async function closeToOthers(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const { mode } = await lstat(path);
    await chmod(path, mode & 0o700);
  }
}

/** Drafts that a crash left, and browsers of older versions once there is this one. */
async function tidy(folder: string, name: string): Promise<void> {
  const names = await readdir(folder);
  const old = names.includes(name) ? names.filter((one) => one !== name) : [];
  const drafts = names.filter((one) => one.startsWith(DRAFT));
  for (const one of new Set([...drafts, ...old]))
    await rm(join(folder, one), { recursive: true, force: true });
}

/** The program of a browser that was fetched; undefined when none was. */
export async function ownBrowser(
  folder: string,
  pinnedOne: () => Promise<PinnedBrowser | undefined>,
): Promise<string | undefined> {
  const names = await readdir(folder).catch(() => []);
  if (!names.some((name) => !name.startsWith(DRAFT))) return undefined;
  const pinned = await pinnedOne();
  if (pinned === undefined) return undefined;
  const path = join(folder, pinned.name, pinned.program);
  return (await isProgram(path)) ? path : undefined;
}
