import type { Protocol } from 'electron';
import type { PictureType } from '../../contract/pictures.ts';
import { type Asset, SECURITY_HEADERS } from '../panel-files.ts';
import { picturePath } from '../picture-path.ts';

/** A picture of the gallery; undefined when there is none of this id. */
export type ShowPicture = (
  id: string,
  size: 'full' | 'small',
) => Promise<{ data: Buffer; type: PictureType } | undefined>;

export const SCHEME = 'app';
/** The one origin that our pages have. */
export const ORIGIN = 'app://fastband';

/** Must run before `app` is ready: a scheme is standard and secure from the start or never. */
export function registerScheme(protocol: Pick<Protocol, 'registerSchemesAsPrivileged'>): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ]);
}

/** Serves the built panel from memory and the gallery's pictures under `app://fastband/`, each file with the content security policy. */
export function servePanel(
  protocol: Pick<Protocol, 'handle'>,
  assets: Promise<ReadonlyMap<string, Asset>>,
  picture: ShowPicture,
): void {
  protocol.handle(SCHEME, async (request) => answer(request, await assets, picture));
}

async function answer(
  request: Request,
  assets: ReadonlyMap<string, Asset>,
  picture: ShowPicture,
): Promise<Response> {
  const url = new URL(request.url);
  const own = url.protocol === `${SCHEME}:` && url.host === 'fastband' && request.method === 'GET';
  const asked = own ? picturePath(url.pathname) : undefined;
  const shown = asked === undefined ? undefined : await picture(asked.id, asked.size);
  if (shown !== undefined)
    return new Response(new Uint8Array(shown.data), {
      headers: { ...SECURITY_HEADERS, 'Content-Type': shown.type, 'Cache-Control': 'no-store' },
    });
  const asset = own ? assets.get(url.pathname === '/' ? '/index.html' : url.pathname) : undefined;
  if (asset === undefined) return new Response('Not found', { status: 404, headers: SECURITY_HEADERS });
  return new Response(new Uint8Array(asset.body), {
    headers: { ...SECURITY_HEADERS, 'Content-Type': asset.type, 'Cache-Control': 'no-cache' },
  });
}

/** Whether a URL is one of our own pages. Compared by parts, never by how it begins. */
export function isOwnUrl(text: string): boolean {
  const url = URL.parse(text);
  // `origin` of a scheme that Node does not know is "null".
  return url !== null && url.protocol === `${SCHEME}:` && url.host === 'fastband' && url.username === '';
}
