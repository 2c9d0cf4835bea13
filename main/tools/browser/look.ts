import type { Effect } from '../../../contract/effects.ts';
import type { RunContext, ToolResult } from '../../core/tool.ts';
import type { Browsers } from './browsers.ts';
import { placeWords, shownUrl } from './capture.ts';
import { describeElements, type FoundElement } from './elements.ts';
import type { OpenPage } from './open-page.ts';
import type { PageEvent } from './page-log.ts';
import type { PlaceData } from './place.ts';
import { untrusted } from './untrusted.ts';
import { type Arrival, blockedNotes, pageError, STEP_MS, visit } from './visit.ts';

const MAX_TEXT = 60_000;

export async function readSnapshot(
  data: PlaceData & { readonly element: string | undefined },
  effects: readonly Effect[],
  context: RunContext,
  browsers: Browsers,
): Promise<ToolResult<{ url: string; text: string; cut: boolean }>> {
  return look(data, effects, context, browsers, async (open, arrival) => {
    const whole = await open.page
      .locator(data.element ?? 'body')
      .first()
      .ariaSnapshot({ timeout: STEP_MS })
      .catch((error: unknown) => {
        throw pageError(
          error,
          open,
          `${data.element ?? 'The page'} could not be read within ${STEP_MS / 1000} s`,
        );
      });
    const cut = whole.length > MAX_TEXT;
    const text = whole.slice(0, MAX_TEXT);
    const facts = factsOf(open, arrival, [
      ...(cut ? [`Only the first ${MAX_TEXT} of ${whole.length} characters: ask for an element.`] : []),
    ]);
    return {
      output: { url: shownUrl(open.page.url()), text, cut },
      content: untrusted(facts, text, context.ports.random),
      summary: `Read ${placeWords(data.place)}, ${whole.length} characters.`,
    };
  });
}

export async function readConsole(
  data: PlaceData & { readonly errorsOnly: boolean },
  effects: readonly Effect[],
  context: RunContext,
  browsers: Browsers,
): Promise<ToolResult<{ url: string; events: PageEvent[]; dropped: number }>> {
  const read = async (open: OpenPage, arrival: Arrival) => {
    const { events: all, dropped } = open.log.events;
    const events = data.errorsOnly
      ? all.filter(({ kind }) => kind !== 'log' && kind !== 'warning')
      : [...all];
    const lines = events.map(({ kind, text, at }) => `${kind}: ${text}${at === undefined ? '' : ` (${at})`}`);
    const facts = factsOf(open, arrival, [
      `${events.length} messages${dropped === 0 ? '' : `; ${dropped} earlier ones are no longer kept`}.`,
    ]);
    return {
      output: { url: shownUrl(open.page.url()), events, dropped },
      content: untrusted(facts, lines.join('\n').slice(0, MAX_TEXT), context.ports.random),
      summary: `Read the console of ${placeWords(data.place)}, ${events.length} messages.`,
    };
  };
  return look(data, effects, context, browsers, read, (open) => open.log.followRequests(open.devtools));
}

export async function queryElements(
  data: PlaceData & { readonly selector: string; readonly limit: number },
  effects: readonly Effect[],
  context: RunContext,
  browsers: Browsers,
): Promise<ToolResult<{ url: string; matches: number; elements: FoundElement[] }>> {
  return look(data, effects, context, browsers, async (open, arrival) => {
    const { selector, limit } = data;
    const found = await describeElements(open.page, selector, limit).catch((error: unknown) => {
      throw pageError(error, open, `${selector} could not be looked up`);
    });
    const facts = factsOf(open, arrival, [
      `${found.matches} elements match${found.matches > limit ? `; these are the first ${limit}` : ''}.`,
    ]);
    const lines = found.elements.map((one) => JSON.stringify(one));
    return {
      output: { url: shownUrl(open.page.url()), ...found },
      content: untrusted(facts, lines.join('\n').slice(0, MAX_TEXT), context.ports.random),
      summary: `Found ${found.matches} elements on ${placeWords(data.place)}.`,
    };
  });
}

async function look<T>(
  data: PlaceData,
  effects: readonly Effect[],
  context: RunContext,
  browsers: Browsers,
  read: (open: OpenPage, arrival: Arrival) => Promise<ToolResult<T>>,
  before?: (open: OpenPage) => Promise<void>,
): Promise<ToolResult<T>> {
  return browsers.withPage({ session: data.session, device: undefined, effects }, context, async (open) => {
    await before?.(open);
    return read(open, await visit(open, data, context));
  });
}

function factsOf(open: OpenPage, { status, notes }: Arrival, more: readonly string[]): string {
  return [
    `${shownUrl(open.page.url())}${status === undefined ? '' : ` answered ${status}`}.`,
    ...notes,
    ...more,
    ...blockedNotes(open),
  ].join(' ');
}
