import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';

/** A browser of the machine's own that pages can be opened in. */
export interface FoundBrowser {
  readonly name: string;
  /** Absolute path of its program. */
  readonly path: string;
}

type Env = Readonly<Record<string, string | undefined>>;

const VERSION_MS = 5000;

/** Where Chrome, Edge and Chromium are put, by system, the steadiest first. */
export function browserPlaces(platform: NodeJS.Platform, env: Env): FoundBrowser[] {
  if (platform === 'darwin') {
    const apps = ['Google Chrome', 'Microsoft Edge', 'Chromium'];
    const folders = ['/Applications', ...(env.HOME === undefined ? [] : [join(env.HOME, 'Applications')])];
    return folders.flatMap((folder) =>
      apps.map((app) => ({ name: app, path: `${folder}/${app}.app/Contents/MacOS/${app}` })),
    );
  }
  if (platform === 'win32') {
    const folders = [env.ProgramFiles, env['ProgramFiles(x86)'], env.LOCALAPPDATA].filter(
      (one) => one !== undefined,
    );
    const programs = [
      { name: 'Google Chrome', path: 'Google\\Chrome\\Application\\chrome.exe' },
      { name: 'Microsoft Edge', path: 'Microsoft\\Edge\\Application\\msedge.exe' },
      { name: 'Chromium', path: 'Chromium\\Application\\chrome.exe' },
    ];
    return programs.flatMap(({ name, path }) =>
      folders.map((folder) => ({ name, path: `${folder}\\${path}` })),
    );
  }
  return [
    { name: 'Google Chrome', path: '/opt/google/chrome/chrome' },
    { name: 'Google Chrome', path: '/usr/bin/google-chrome-stable' },
    { name: 'Google Chrome', path: '/usr/bin/google-chrome' },
    { name: 'Microsoft Edge', path: '/opt/microsoft/msedge/msedge' },
    { name: 'Microsoft Edge', path: '/usr/bin/microsoft-edge-stable' },
    { name: 'Chromium', path: '/usr/bin/chromium' },
    { name: 'Chromium', path: '/usr/bin/chromium-browser' },
    { name: 'Chromium', path: '/usr/local/bin/chromium' },
    { name: 'Chromium', path: '/snap/bin/chromium' },
  ];
}

/**
 * The browser to use: the one that a person named in the settings, or the first of the usual places that is there.
 * The PATH is not searched: an agent can write programs into folders that are on it.
 *
 * @param chosen - the setting `browser.path`; empty looks in the usual places
 * @param fetched - a browser that was fetched, by Fastband or by Playwright
 */
export async function findBrowser(
  chosen: string,
  env: Env,
  fetched: () => Promise<string | undefined>,
  platform: NodeJS.Platform = process.platform,
): Promise<FoundBrowser | undefined> {
  if (chosen !== '') return (await isProgram(chosen)) ? { name: nameOf(chosen), path: chosen } : undefined;
  for (const place of browserPlaces(platform, env)) if (await isProgram(place.path)) return place;
  const path = await fetched();
  return path !== undefined && (await isProgram(path)) ? { name: 'Chromium (fetched)', path } : undefined;
}

/** What to do where there is no browser: a sentence for people. */
export function installWords(platform: NodeJS.Platform = process.platform): string {
  if (platform === 'linux')
    return 'Install Chromium with your package manager (Debian and Ubuntu: sudo apt install chromium), or Chrome or Edge.';
  return 'Install Google Chrome, Microsoft Edge or Chromium.';
}

/** The version that a browser says it has; undefined where it does not say. Windows' browsers would open a window. */
export function versionOf(path: string): Promise<string | undefined> {
  if (process.platform === 'win32') return Promise.resolve(undefined);
  return new Promise((resolve) => {
    execFile(path, ['--version'], { timeout: VERSION_MS, env: { PATH: '/usr/bin:/bin' } }, (error, stdout) =>
      resolve(error === null ? /\d+(?:\.\d+)+/.exec(stdout)?.[0] : undefined),
    );
  });
}

function nameOf(path: string): string {
  const name = path.toLowerCase();
  if (name.includes('edge')) return 'Microsoft Edge';
  return name.includes('chromium') ? 'Chromium' : name.includes('chrome') ? 'Google Chrome' : 'Browser';
}

/** Whether a file is there that may be run. */
export async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
