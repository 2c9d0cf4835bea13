import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type About, Licence } from '../contract/about.ts';
import { REVISIONS } from './mcp/revisions.ts';
import { sqliteVersion } from './store/database.ts';
import { MCP_SDK_VERSION, VERSION } from './version.ts';

/** Versions of what runs here. Electron and its Chromium only where they do. */
export function aboutHost(home: string): About {
  const { node, electron, chrome } = process.versions;
  const versions = [
    ['Fastband', VERSION],
    ['Electron', electron],
    ['Chromium', chrome],
    ['Node.js', node],
    ['SQLite', sqliteVersion()],
    ['MCP SDK', MCP_SDK_VERSION],
  ] as const;
  return {
    versions: versions.flatMap(([name, version]) => (version === undefined ? [] : [{ name, version }])),
    protocols: [...REVISIONS],
    platform: `${process.platform} ${process.arch}`,
    home,
  };
}

/** The licences of what the build holds; none when it runs from its sources. */
export async function builtLicences(folder: string = import.meta.dirname): Promise<Licence[]> {
  try {
    return z.array(Licence).parse(JSON.parse(await readFile(join(folder, 'licences.json'), 'utf8')));
  } catch {
    return [];
  }
}
