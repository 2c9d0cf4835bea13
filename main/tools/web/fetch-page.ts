import { FastbandError } from '../../core/errors.ts';
import type { RunContext, ToolResult } from '../../core/tool.ts';
import type { Net } from '../../guard/net.ts';
import type { Target } from '../../guard/url.ts';
import { decodeText, dropBody, kindOf, mediaType, readBody } from './body.ts';
import { deadline } from './deadline.ts';
import { type NetEffect, netEffect } from './effect.ts';
import type { PageOutput, PageRequest } from './fetch-url.ts';
import { KeptPages } from './kept-pages.ts';
import { PageReader } from './page-reader.ts';
import { Robots, USER_AGENT } from './robots.ts';
import { untrusted } from './untrusted.ts';

const MAX_REDIRECTS = 10;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** A page as it was read, ready to be cut into parts. */
export interface Page {
  readonly url: string;
  readonly status: number;
  readonly contentType: string;
  readonly kind: 'page' | 'text' | 'binary';
  readonly title: string;
  readonly text: string;
  readonly bytes: number;
  readonly truncated: boolean;
  /** What Fastband has to say of how it was read. */
  readonly note: string;
  /** The other hosts that it was redirected over, which policy had to allow. */
  readonly hops: readonly NetEffect[];
}

interface Arrival {
  readonly response: Awaited<ReturnType<Net['fetch']>>;
  readonly target: Target;
  readonly hops: readonly NetEffect[];
}

interface Redirect {
  readonly from: Target;
  readonly to: Target;
  readonly status: number;
}

/** Fetches pages: redirects, robots.txt, charsets and the reading of HTML. */
export class PageFetcher {
  readonly #net: Net;
  readonly #reader = new PageReader();
  readonly #robots: Robots;
  readonly #kept = new KeptPages();

  constructor(net: Net) {
    this.#net = net;
    this.#robots = new Robots(net, this.#reader);
  }

  close(): void {
    this.#reader.close();
  }

  async fetch(request: PageRequest, context: RunContext): Promise<ToolResult<PageOutput>> {
    const kept = request.offset > 0 ? this.#kept.find(request, context) : undefined;
    if (kept !== undefined) return partOf(kept, request, context);
    const { web } = context.settings;
    const { signal, stop } = deadline(context.signal, context.ports.clock, web.timeoutSeconds);
    try {
      const found = await this.#follow(request, context, signal);
      if ('to' in found) return pointer(found, request);
      const page = await this.#read(found, request, context, signal);
      this.#kept.keep(request, context, page);
      return partOf(page, request, context);
    } finally {
      stop();
    }
  }

  /** Follows redirects on the same origin, and to others that policy allows by itself. Each is checked as if asked for. */
  async #follow(request: PageRequest, context: RunContext, signal: AbortSignal): Promise<Arrival | Redirect> {
    let target = this.#net.parse(request.url);
    const asked = target.url.origin;
    const hops: NetEffect[] = [];
    for (let count = 0; count <= MAX_REDIRECTS; count++) {
      if (context.settings.web.respectRobots) await this.#robots.check(target, context, signal);
      const response = await this.#net.fetch(target.url, {
        headers: {
          'user-agent': USER_AGENT,
          accept: 'text/html, text/markdown, application/xhtml+xml, text/plain;q=0.9, */*;q=0.5',
          'accept-encoding': 'gzip, deflate, br',
        },
        signal,
      });
      const location = response.headers.get('location');
      if (!REDIRECTS.has(response.status) || location === null) return { response, target, hops };
      await dropBody(response);
      const next = URL.parse(location, target.url);
      if (next === null)
        throw new FastbandError('fetch_failed', `${target.host} redirects to what is no URL.`);
      const to = this.#net.parse(next.href);
      if (to.url.origin !== asked) {
        const effect = netEffect('GET', to);
        if (context.decision(effect) !== 'allow') return { from: target, to, status: response.status };
        hops.push(effect);
      }
      target = to;
    }
    throw new FastbandError('fetch_failed', `${target.host} redirects more than ${MAX_REDIRECTS} times.`);
  }

  async #read(
    { response, target, hops }: Arrival,
    request: PageRequest,
    context: RunContext,
    signal: AbortSignal,
  ): Promise<Page> {
    const { maxBytes } = context.settings.web;
    const { bytes, truncated } = await readBody(response, maxBytes, target.host, signal);
    const header = response.headers.get('content-type');
    const contentType = mediaType(header);
    const base = {
      url: target.url.href,
      status: response.status,
      contentType,
      bytes: bytes.length,
      truncated,
      hops,
      title: '',
    };
    const kind = kindOf(contentType, bytes, header);
    if (kind === 'binary') return { ...base, kind, text: '', note: 'Not text: nothing is shown of it.' };
    const text = decodeText(bytes, header, truncated);
    if (kind === 'text' || request.format === 'raw') return { ...base, kind: 'text', text, note: '' };
    const { format, full } = request;
    const answer = await this.#reader.ask(
      { op: 'page', html: text, url: target.url.href, format, full },
      context.ports.clock,
      signal,
    );
    if (answer.op !== 'page') throw new TypeError('the reader answered another question');
    const note = answer.plain ? 'Too large or deep for markdown: this is its plain text.' : '';
    return { ...base, kind: 'page', title: answer.title, text: answer.text, note };
  }
}

function partOf(page: Page, request: PageRequest, context: RunContext): ToolResult<PageOutput> {
  const { text, url, status, contentType, kind, title, truncated, note } = page;
  const total = text.length;
  if (request.offset > total)
    throw new FastbandError(
      'invalid_input',
      `The text has ${total} characters; offset ${request.offset} is past its end.`,
    );
  const from = wholeCharacter(text, request.offset);
  const to = Math.max(from + 1, wholeCharacter(text, Math.min(total, from + request.limit)));
  const part = text.slice(from, to);
  const nextOffset = to < total ? to : undefined;
  const range = `characters ${from} to ${Math.min(to, total)} of ${total}`;
  const facts = [
    `${url} answered ${status}${contentType === '' ? '' : `, ${contentType}`}; ${kind === 'binary' ? `${page.bytes} bytes` : range}.`,
    ...(nextOffset === undefined ? [] : [`Go on with offset ${nextOffset}.`]),
    ...(truncated ? [`The page is larger: only its first ${page.bytes} bytes were read.`] : []),
    ...(note === '' ? [] : [note]),
  ].join(' ');
  const shown = title === '' || from > 0 ? part : `# ${title}\n\n${part}`;
  return {
    output: {
      url,
      status,
      contentType,
      kind,
      ...(title === '' ? {} : { title }),
      text: part,
      offset: from,
      total,
      ...(nextOffset === undefined ? {} : { nextOffset }),
      truncated,
    },
    content:
      kind === 'binary' ? [{ type: 'text', text: facts }] : untrusted(facts, shown, context.ports.random),
    summary: `Fetched ${shortUrl(url)}: ${status}, ${page.bytes} bytes${page.hops.length === 0 ? '' : `, over ${page.hops.map((hop) => hop.host).join(', ')}`}.`,
  };
}

function pointer({ from, to, status }: Redirect, request: PageRequest): ToolResult<PageOutput> {
  const location = netEffect('GET', to).url;
  const text = `${from.url.href} redirects to another host, which was not asked for: ${location}\nTo go there, call fetch_url with that address.`;
  return {
    output: {
      url: from.url.href,
      status,
      contentType: '',
      kind: 'redirect',
      location,
      text: '',
      offset: request.offset,
      total: 0,
      truncated: false,
    },
    content: [{ type: 'text', text }],
    summary: `${shortUrl(from.url.href)} redirects to ${to.host}, which was not reached.`,
  };
}

/** Not between the halves of a pair. */
function wholeCharacter(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return at > 0 && at < text.length && code >= 0xdc00 && code <= 0xdfff ? at - 1 : at;
}

function shortUrl(url: string): string {
  return url.length > 300 ? `${url.slice(0, 300)}…` : url;
}
