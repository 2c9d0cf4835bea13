import type { Page } from 'playwright-core';
import { z } from 'zod';
import { FastbandError } from '../../core/errors.ts';

const FoundElement = z.object({
  tag: z.string().max(100),
  text: z.string().max(1000),
  attributes: z.record(z.string().max(100), z.string().max(500)),
  box: z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() }),
  visible: z.boolean(),
});
const Found = z.object({ matches: z.int(), elements: z.array(FoundElement).max(200) });

/** An element as the page describes it: it may have made all of it up. */
export type FoundElement = z.infer<typeof FoundElement>;
export type Found = z.infer<typeof Found>;

/** As much of an element as is looked at. Node knows no types of a page. */
interface PageElement {
  readonly tagName: string;
  readonly type?: string;
  readonly innerText?: string;
  readonly textContent: string | null;
  readonly attributes: ArrayLike<{ readonly name: string; readonly value: string }>;
  getBoundingClientRect(): { x: number; y: number; width: number; height: number };
}
interface PageGlobal {
  readonly scrollX: number;
  readonly scrollY: number;
  getComputedStyle(element: PageElement): { readonly visibility: string };
}

/** Describes what a selector matches. The values of password fields are left out. @throws FastbandError, Playwright's own */
export async function describeElements(page: Page, selector: string, limit: number): Promise<Found> {
  const answer: unknown = await page.locator(selector).evaluateAll(describe as never, limit as never);
  const parsed = Found.safeParse(answer);
  if (!parsed.success)
    throw new FastbandError('tool_failed', 'The page did not let its elements be described.');
  return parsed.data;
}

/** Runs on the page. Fixed: nothing that an agent writes is ever run there. */
function describe(elements: PageElement[], limit: number): unknown {
  const view = globalThis as unknown as PageGlobal;
  return {
    matches: elements.length,
    elements: elements.slice(0, limit).map((element) => {
      const { x, y, width, height } = element.getBoundingClientRect();
      const attributes: Record<string, string> = {};
      for (const { name, value } of Array.from(element.attributes).slice(0, 40))
        if (!(name === 'value' && element.type === 'password'))
          attributes[String(name).slice(0, 100)] = String(value).slice(0, 500);
      return {
        tag: String(element.tagName).toLowerCase(),
        text: String(element.innerText ?? element.textContent ?? '')
          .trim()
          .slice(0, 1000),
        attributes,
        box: { x: x + view.scrollX, y: y + view.scrollY, width, height },
        visible: width > 0 && height > 0 && view.getComputedStyle(element).visibility === 'visible',
      };
    }),
  };
}
