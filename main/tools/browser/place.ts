import { z } from 'zod';
import type { Effect } from '../../../contract/effects.ts';
import { FastbandError } from '../../core/errors.ts';
import type { PlanContext } from '../../core/tool.ts';
import type { Net } from '../../guard/net.ts';
import type { PathStat } from '../../guard/path.ts';
import type { Target } from '../../guard/url.ts';
import { resolveFor } from '../paths.ts';
import type { Browsers } from './browsers.ts';
import { netEffect } from './effect.ts';
import { SITE_HOST } from './launch-options.ts';
import { placeOfSite } from './workspace-site.ts';

/** How a page is named, the same in every tool. */
export const PLACE = {
  url: z.string().max(4000).optional(),
  path: z.string().optional().describe('workspace HTML file, instead of url'),
  session: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,40}$/)
    .optional()
    .describe('your name for a page that stays open; alone: that page as it is'),
};
/** When a page counts as ready. */
export const WAIT = {
  wait: z
    .string()
    .max(200)
    .optional()
    .describe('load (default), domcontentloaded, networkidle or a selector'),
};

export interface PlaceInput {
  readonly url?: string | undefined;
  readonly path?: string | undefined;
  readonly session?: string | undefined;
  readonly wait?: string | undefined;
}

/** Which page a call is about, checked. Plain JSON, so that a plan can freeze it. */
export type Place =
  | { readonly kind: 'url'; readonly url: string }
  | {
      readonly kind: 'file';
      readonly requested: string;
      readonly absolute: string;
      readonly workspace: string;
      readonly path: string;
      readonly stat: PathStat | null;
    }
  /** The session's page, on the host that it was on. */
  | { readonly kind: 'open'; readonly origin: string };

export interface PlaceData {
  readonly place: Place;
  readonly session: string | undefined;
  readonly wait: string | undefined;
}

/** What opening a page needs, beside the call. */
export interface PlaceServices {
  readonly net: Net;
  readonly browsers: Browsers;
}

/**
 * Finds out which page is meant and what reaching it does.
 *
 * @throws FastbandError `invalid_input`, `url_refused`, `not_found`, and what the path guard refuses with
 */
export async function planPlace(
  { url, path, session, wait }: PlaceInput,
  context: PlanContext,
  { net, browsers }: PlaceServices,
): Promise<{ effects: Effect[]; data: PlaceData }> {
  if (url !== undefined && path !== undefined)
    throw new FastbandError('invalid_input', 'Give url or path, not both.');
  if (url !== undefined) {
    const target = parsePage(url, net);
    return {
      effects: [netEffect('GET', target)],
      data: { place: { kind: 'url', url: target.url.href }, session, wait },
    };
  }
  if (path !== undefined) return planFile(path, session, wait, context);
  if (session === undefined)
    throw new FastbandError('invalid_input', 'Give a url, the path of an HTML file, or an open session.');
  const now = browsers.sessionUrl(context.client.id, session);
  if (now === undefined || now === 'about:blank')
    throw new FastbandError(
      'not_found',
      `The session ${session} is not open: it was never opened, or idle for too long. Give a url to open it.`,
    );
  const { origin } = new URL(now);
  const file = placeOfSite(now);
  const effects: Effect[] =
    file === undefined ? [netEffect('GET', net.parse(now))] : treeEffects(file.workspace, file.path);
  return { effects, data: { place: { kind: 'open', origin }, session, wait } };
}

/** @throws FastbandError `url_refused` */
export function parsePage(url: string, net: Net): Target {
  const target = net.parse(url);
  if (target.host === SITE_HOST)
    throw new FastbandError('url_refused', 'A file of a workspace is named by its path.');
  return target;
}

async function planFile(
  path: string,
  session: string | undefined,
  wait: string | undefined,
  context: PlanContext,
): Promise<{ effects: Effect[]; data: PlaceData }> {
  const { requested, absolute, relative, type, workspace, stat } = await resolveFor(context, path, 'read');
  if (type === null) throw new FastbandError('not_found', `${path} does not exist.`);
  if (type === 'directory' || !/\.(?:x?html?|svg)$/i.test(relative))
    throw new FastbandError('invalid_input', `${path} is no HTML or SVG file.`);
  const place: Place = { kind: 'file', requested, absolute, workspace: workspace.name, path: relative, stat };
  return { effects: treeEffects(workspace.name, relative), data: { place, session, wait } };
}

/** The file, and whatever of its workspace it refers to and this client may read. */
function treeEffects(workspace: string, path: string): Effect[] {
  return [
    { kind: 'read', workspace, path },
    { kind: 'read', workspace, path: '.', tree: true },
  ];
}
