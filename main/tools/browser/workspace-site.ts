import { constants } from 'node:fs';
import { extname } from 'node:path';
import { FastbandError } from '../../core/errors.ts';
import type { PlanContext } from '../../core/tool.ts';
import { openResolved } from '../../guard/path.ts';
import { resolveFor } from '../paths.ts';
import { SITE_ORIGIN } from './launch-options.ts';
import type { SiteAnswer } from './proxy.ts';

const MAX_FILE_BYTES = 64 * 1024 * 1024;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.htm': 'text/html; charset=utf-8',
  '.xhtml': 'application/xhtml+xml; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.md': 'text/plain; charset=utf-8',
  '.xml': 'text/xml; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.avif': 'image/avif',
  '.ico': 'image/x-icon',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
  '.ttf': 'font/ttf',
  '.otf': 'font/otf',
  '.wasm': 'application/wasm',
  '.mp4': 'video/mp4',
  '.webm': 'video/webm',
  '.mp3': 'audio/mpeg',
};

/** The address that a workspace file has in our browsers. */
export function siteUrl(workspace: string, path: string): string {
  return `${SITE_ORIGIN}/${[workspace, ...path.split('/')].map(encodeURIComponent).join('/')}`;
}

/** The workspace and path that such an address stands for; undefined for any other address. */
export function placeOfSite(url: string): { workspace: string; path: string } | undefined {
  const parsed = URL.parse(url);
  if (parsed === null || parsed.origin !== SITE_ORIGIN) return undefined;
  return split(parsed.pathname);
}

/**
 * A file for a page of the same workspace, through the path guard and the policy's word on reading it.
 *
 * @param pathname - of the request's URL, still encoded
 * @returns undefined when there is none that this client may read
 */
export async function serveFile(
  context: PlanContext,
  workspace: string,
  pathname: string,
): Promise<SiteAnswer | undefined> {
  const place = split(pathname);
  const root = context.workspaces.find((one) => one.name === workspace)?.root;
  if (place === undefined || root === undefined || place.workspace !== workspace) return undefined;
  try {
    const wanted = place.path === '' || place.path.endsWith('/') ? `${place.path}index.html` : place.path;
    const found = await resolveFor(context, `${root}/${wanted}`, 'read');
    if (found.type !== 'file' || found.workspace.name !== workspace) return undefined;
    if (!context.visible(workspace, found.relative) || (found.stat?.size ?? 0) > MAX_FILE_BYTES)
      return undefined;
    const file = await openResolved(found, constants.O_RDONLY);
    try {
      const type = TYPES[extname(found.relative).toLowerCase()] ?? 'application/octet-stream';
      return { status: 200, type, body: await file.readFile() };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof FastbandError) return undefined;
    throw error;
  }
}

function split(pathname: string): { workspace: string; path: string } | undefined {
  try {
    const [workspace = '', ...rest] = pathname.slice(1).split('/').map(decodeURIComponent);
    return { workspace, path: rest.join('/') };
  } catch {
    return undefined;
  }
}
