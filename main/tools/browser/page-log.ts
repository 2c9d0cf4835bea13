import type { CDPSession, Page, Request } from 'playwright-core';

/** Something that happened on a page, in order. All of it is the page's own words. */
export interface PageEvent {
  readonly kind: 'log' | 'warning' | 'error' | 'exception' | 'request' | 'dialog' | 'download' | 'popup';
  readonly text: string;
  /** `url:line:column`, where known. */
  readonly at?: string;
}

const MAX_EVENTS = 300;
const MAX_TEXT = 1000;
/** Requests whose origin is kept: a page's, and those of a few more. */
const MAX_ORIGINS = 2000;

/** Keeps what a page says, the latest of it, and answers no to whatever it asks a person. */
export class PageLog {
  #events: PageEvent[] = [];
  #dropped = 0;
  crashed = false;
  /** Where a request was begun, by its method and address; nothing until `followRequests`. */
  #origins: Map<string, string> | undefined;

  constructor(page: Page) {
    page.on('console', (message) => {
      const { url, lineNumber, columnNumber } = message.location();
      const type = message.type();
      this.#add({
        kind: type === 'error' || type === 'warning' ? type : 'log',
        text: message.text(),
        ...(url === '' ? {} : { at: `${url}:${lineNumber + 1}:${columnNumber + 1}` }),
      });
    });
    page.on('pageerror', (error) => {
      const at = /(?:\(|at )((?:https?|blob|data):[^\s)]+:\d+:\d+)/.exec(error.stack ?? '')?.[1];
      this.#add({ kind: 'exception', text: error.message, ...(at === undefined ? {} : { at }) });
    });
    page.on('requestfailed', (request) => {
      this.#addRequest(request, request.failure()?.errorText ?? 'failed');
    });
    page.on('response', (response) => {
      if (response.status() >= 400) this.#addRequest(response.request(), String(response.status()));
    });
    page.on('dialog', (dialog) => {
      this.#add({ kind: 'dialog', text: `${dialog.type()}: ${dialog.message()}` });
      // "Leave this page?" is answered yes: no would hold it for ever.
      const answer = dialog.type() === 'beforeunload' ? dialog.accept() : dialog.dismiss();
      answer.catch(() => {});
    });
    page.on('download', (download) => {
      this.#add({ kind: 'download', text: `${download.url()} was not downloaded` });
      void download.cancel().catch(() => {});
    });
    page.on('crash', () => {
      this.crashed = true;
    });
  }

  /** From now on, also keeps where each request was begun: Playwright does not tell. @param devtools - the page's */
  async followRequests(devtools: CDPSession): Promise<void> {
    if (this.#origins !== undefined) return;
    const origins = new Map<string, string>();
    this.#origins = origins;
    devtools.on('Network.requestWillBeSent', ({ request: { method, url }, initiator }) => {
      const [frame] = initiator.stack?.callFrames ?? [];
      const { url: file, lineNumber, columnNumber } = frame ?? initiator;
      if (origins.size >= MAX_ORIGINS || file === undefined || file === '' || lineNumber === undefined)
        return;
      origins.set(`${method} ${url}`, `${file}:${lineNumber + 1}:${(columnNumber ?? 0) + 1}`);
    });
    await devtools.send('Network.enable');
  }

  popup(url: string): void {
    this.#add({ kind: 'popup', text: `${url} was not opened` });
  }

  /** What there is, and how many earlier ones are no longer kept. */
  get events(): { readonly events: readonly PageEvent[]; readonly dropped: number } {
    return { events: this.#events, dropped: this.#dropped };
  }

  clear(): void {
    this.#events = [];
    this.#dropped = 0;
  }

  #addRequest(request: Request, why: string): void {
    const what = `${request.method()} ${request.url()}`;
    const at = this.#origins?.get(what);
    this.#add({ kind: 'request', text: `${what}: ${why}`, ...(at === undefined ? {} : { at }) });
  }

  #add(event: PageEvent): void {
    const { kind, text, at } = event;
    this.#events.push({
      kind,
      text: text.slice(0, MAX_TEXT),
      ...(at === undefined ? {} : { at: at.slice(0, MAX_TEXT) }),
    });
    if (this.#events.length > MAX_EVENTS) {
      this.#events.shift();
      this.#dropped++;
    }
  }
}
