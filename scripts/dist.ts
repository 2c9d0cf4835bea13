import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { packageApp } from './package-app.ts';

const ELECTRON = join(import.meta.dirname, '..', 'node_modules', 'electron');
/** Longer than a slow line needs for 120 MB. */
const DOWNLOAD_MS = 10 * 60_000;

/** Makes the installers for this machine's system, of what is built, into `release`. @returns the exit code */
export async function main(): Promise<number> {
  const electronDist = electronFolder();
  if (electronDist === undefined) {
    console.error(
      'Electron could not be had: its binary is fetched once from the network, and the lines above say why that failed. ' +
        'Run this again with a connection, or set ELECTRON_OVERRIDE_DIST_PATH to a folder with an unpacked Electron. ' +
        '"npm run dist:check" tests everything but Electron without it.',
    );
    return 1;
  }
  try {
    const { files } = await packageApp({ electronDist, installers: true });
    for (const file of files) console.log(relative(process.cwd(), file));
    return 0;
  } catch (error) {
    console.error(
      `The installers could not be made: ${error instanceof Error ? error.message : error}. ` +
        'What makes AppImages, Debian packages and Windows installers is fetched once from the network too.',
    );
    return 1;
  }
}

/** Where Electron's binary is, after one try to get it. */
export function electronFolder(): string | undefined {
  const given = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  if (given !== undefined && given !== '') {
    if (existsSync(given)) return given;
    console.error(`ELECTRON_OVERRIDE_DIST_PATH names ${given}, which does not exist.`);
    return undefined;
  }
  const folder = join(ELECTRON, 'dist');
  if (existsSync(join(ELECTRON, 'path.txt'))) return folder;
  console.error('getting Electron …');
  const { status, error } = spawnSync(process.execPath, [join(ELECTRON, 'install.js')], {
    stdio: ['ignore', 2, 2],
    timeout: DOWNLOAD_MS,
  });
  if (error !== undefined) console.error(error.message);
  return status === 0 ? folder : undefined;
}
