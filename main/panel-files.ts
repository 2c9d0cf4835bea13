import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';

/**
 * Sent with every answer. No inline script or style, nothing from elsewhere, never in a frame (clickjacking of
 * "Allow"), no answer to a page of another origin, no window handle for whoever opened the panel.
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

export interface Asset {
  readonly body: Buffer;
  readonly type: string;
  /** Its name holds a hash of its content, so it may be cached for ever. */
  readonly hashed: boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};
const MAX_BYTES = 32 * 1024 * 1024;

/**
 * The built panel, read whole at the start: URL path to file. Requests are looked up in this table and never become
 * a file path, so there is nothing to traverse. Links, dot files, source maps and unknown types are left out.
 *
 * @param folder - the build's output; a missing one gives an empty table
 */
export async function loadAssets(folder: string | undefined): Promise<ReadonlyMap<string, Asset>> {
  const assets = new Map<string, Asset>();
  if (folder === undefined) return assets;
  let total = 0;
  const walk = async (relative: string): Promise<void> => {
    const entries = await readdir(join(folder, relative), { withFileTypes: true }).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    });
    for (const entry of entries) {
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (entry.name.startsWith('.')) continue;
      if (entry.isDirectory()) await walk(path);
      const type = TYPES[extname(entry.name)];
      if (!entry.isFile() || type === undefined) continue;
      const body = await readFile(join(folder, path));
      total += body.length;
      if (total > MAX_BYTES)
        throw new Error(`the panel's files in ${folder} are larger than ${MAX_BYTES} bytes`);
      assets.set(`/${path}`, { body, type, hashed: /-[A-Za-z0-9_-]{8}\.[a-z0-9]+$/.test(entry.name) });
    }
  };
  await walk('');
  return assets;
}
