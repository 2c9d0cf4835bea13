import { stripVTControlCharacters } from 'node:util';
import { FastbandError } from '../../core/errors.ts';
import type { RunContext } from '../../core/tool.ts';
import { changed, lstatOf, sameThing } from '../../guard/path.ts';
import type { OpenPage } from './open-page.ts';
import type { Place, PlaceData } from './place.ts';
import { siteUrl } from './workspace-site.ts';

/** Longest wait for one thing that a page is asked, in milliseconds. */
export const STEP_MS = 10_000;
/** So long a page that was kept from leaving still has to finish what it is. */
const STAY_MS = 1000;

const STATES = ['load', 'domcontentloaded', 'networkidle'] as const;
type State = (typeof STATES)[number];

/** How a page was found. */
export interface Arrival {
  /** Of the page's own answer; undefined where nothing was loaded anew. */
  readonly status: number | undefined;
  /** What Fastband has to say of it: that it still loads, or what it was refused. */
  readonly notes: readonly string[];
}

/**
 * Brings a page to where a call wants it, and waits until it is ready. One that goes on loading is taken as it is.
 *
 * @throws FastbandError `fetch_failed`, `url_refused`, `timeout`, `changed_since_plan`
 */
export async function visit(
  open: OpenPage,
  { place, wait }: PlaceData,
  context: RunContext,
): Promise<Arrival> {
  let status: number | undefined;
  if (place.kind === 'open') {
    const { origin } = new URL(open.page.url());
    if (origin !== place.origin)
      throw new FastbandError(
        'changed_since_plan',
        'The page has gone elsewhere since this call was planned. Call again.',
      );
  } else {
    open.log.clear();
    status = await go(open, place, context);
  }
  context.progress('The page is there', 1, 2);
  return { status, notes: await ready(open, wait, context) };
}

/** Opens an address in the page. @returns the answer's status */
export async function go(
  open: OpenPage,
  place: Exclude<Place, { kind: 'open' }>,
  context: RunContext,
): Promise<number | undefined> {
  if (place.kind === 'file' && !sameThing(place.stat, await lstatOf(place.absolute)))
    throw changed(place.requested);
  open.guard.show(place.kind === 'file' ? place.workspace : undefined);
  const url = place.kind === 'file' ? siteUrl(place.workspace, place.path) : place.url;
  try {
    const response = await open.page.goto(url, { waitUntil: 'commit', timeout: longest(context) });
    return response?.status();
  } catch (error) {
    throw arrivalError(error, url, open, context);
  }
}

/** Waits until a page is ready. @returns what is to be said of how it went. @throws FastbandError `timeout` for a selector */
export async function ready(
  open: OpenPage,
  wait: string | undefined,
  context: RunContext,
): Promise<string[]> {
  const state = STATES.find((one) => one === (wait ?? 'load'));
  const notes: string[] = [];
  await settle(open, state ?? 'load', notes, context);
  if (state === undefined && wait !== undefined)
    await open.page
      .locator(wait)
      .first()
      .waitFor({ state: 'visible', timeout: longest(context) })
      .catch((error: unknown) => {
        throw pageError(error, open, `Nothing that is visible matched ${wait} within ${seconds(context)}`);
      });
  return notes;
}

/** What of the page's wishes was refused, for the answer. */
export function blockedNotes(open: OpenPage): string[] {
  const { first, count } = open.guard.blocked;
  if (count === 0) return [];
  const shown = first.slice(0, 3).map(({ url, why }) => `${url.slice(0, 120)} (${why})`);
  return [`Fastband kept the page from ${count} request${count === 1 ? '' : 's'}: ${shown.join('; ')}`];
}

/**
 * What went wrong on a page, in our words. Errors of ours and the end of the call pass as they are.
 *
 * @param late - what to say where it took too long
 */
export function pageError(error: unknown, open: OpenPage, late: string): unknown {
  if (error instanceof FastbandError) return error;
  if (open.log.crashed) return new FastbandError('fetch_failed', 'The page crashed.', { cause: error });
  if (open.closed) return error;
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && error.name === 'TimeoutError')
    return new FastbandError('timeout', `${late}.`, { cause: error });
  if (/selector|strict mode|Unexpected token|Unknown engine/i.test(text))
    return new FastbandError('invalid_input', plain(text), { cause: error });
  return new FastbandError('tool_failed', plain(text), { cause: error });
}

async function settle(open: OpenPage, state: State, notes: string[], context: RunContext): Promise<void> {
  const loaded = open.page.waitForLoadState(state, { timeout: longest(context) });
  loaded.catch(() => {});
  try {
    // A page that was kept from leaving never tells that it has loaded.
    await Promise.race([loaded, open.guard.stayed(STAY_MS)]);
  } catch (error) {
    const known = pageError(error, open, 'late');
    if (!(known instanceof FastbandError) || known.code !== 'timeout') throw known;
    notes.push(`It was still loading after ${seconds(context)}, and is shown as it was then.`);
  }
}

function arrivalError(error: unknown, url: string, open: OpenPage, context: RunContext): unknown {
  const text = error instanceof Error ? error.message : '';
  if (text.includes('ERR_ABORTED') && open.guard.lead !== undefined) return open.guard.lead;
  const failure = open.guard.failure(url);
  if (failure !== undefined) return failure;
  if (/Download is starting/.test(text))
    return new FastbandError(
      'fetch_failed',
      'This address is a download, not a page. Nothing was downloaded.',
    );
  const known = pageError(error, open, `${hostOf(url)} did not answer within ${seconds(context)}`);
  if (!(known instanceof FastbandError) || known.code !== 'tool_failed') return known;
  const code = /net::(ERR_[A-Z_0-9]+)/.exec(text)?.[1];
  return new FastbandError(
    'fetch_failed',
    `${hostOf(url)} could not be opened${code === undefined ? '' : ` (${code})`}.`,
    { cause: error },
  );
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? 'It';
}

/** Playwright's first line, without colours and its own call's name. */
function plain(text: string): string {
  const [line = ''] = stripVTControlCharacters(text).split('\n');
  return line.replace(/^[a-zA-Z.]+: /, '').slice(0, 300);
}

function longest({ settings }: RunContext): number {
  return settings.browser.loadSeconds * 1000;
}

function seconds({ settings }: RunContext): string {
  return `${settings.browser.loadSeconds} s`;
}
