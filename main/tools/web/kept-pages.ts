import type { RunContext } from '../../core/tool.ts';
import type { Page } from './fetch-page.ts';
import type { PageRequest } from './fetch-url.ts';

const KEEP_MS = 5 * 60 * 1000;
const MAX_PAGES = 8;
const MAX_CHARACTERS = 8 * 1024 * 1024;

interface Kept {
  readonly page: Page;
  readonly until: number;
}

/** Long pages while a client reads on in them: the next part is of the same text, and the site is not asked again. */
export class KeptPages {
  readonly #pages = new Map<string, Kept>();
  #stopTimer = () => {};

  keep(request: PageRequest, context: RunContext, page: Page): void {
    const key = keyOf(request, context);
    this.#pages.delete(key);
    if (page.text.length <= request.limit || page.text.length > MAX_CHARACTERS) return;
    const { clock } = context.ports;
    this.#pages.set(key, { page, until: clock.now() + KEEP_MS });
    let size = 0;
    for (const [newest, kept] of [...this.#pages].reverse()) {
      size += kept.page.text.length;
      if (size > MAX_CHARACTERS) this.#pages.delete(newest);
    }
    for (const oldest of this.#pages.keys()) {
      if (this.#pages.size <= MAX_PAGES) break;
      this.#pages.delete(oldest);
    }
    this.#stopTimer();
    this.#stopTimer = clock.after(KEEP_MS, () => this.#pages.clear());
  }

  /** The page, unless it is too old, or policy no longer allows a host that it came over. */
  find(request: PageRequest, context: RunContext): Page | undefined {
    const kept = this.#pages.get(keyOf(request, context));
    if (kept === undefined || kept.until <= context.ports.clock.now()) return undefined;
    return kept.page.hops.every((hop) => context.decision(hop) === 'allow') ? kept.page : undefined;
  }
}

/** Another client's page is not this one's to read. */
function keyOf({ url, format, full }: PageRequest, { client }: RunContext): string {
  return JSON.stringify([client.id, url, format, full]);
}
