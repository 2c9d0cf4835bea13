import { FastbandError } from '../../core/errors.ts';
import type { RunContext, ToolResult } from '../../core/tool.ts';
import type { Net } from '../../guard/net.ts';
import type { Keys } from '../../vault/keys.ts';
import { checkBindings } from './binding.ts';
import { decodeText, kindOf, mediaType, readBody } from './body.ts';
import { deadline } from './deadline.ts';
import type { AnswerOutput, RequestData } from './http-request.ts';
import { masker } from './mask.ts';
import { withSecrets } from './references.ts';
import { USER_AGENT } from './robots.ts';
import { untrusted } from './untrusted.ts';

/** Characters of an answer's body that are told. */
const MAX_TEXT = 200_000;
const MARGIN = 100_000;
const MAX_HEADERS = 100;
/** A shorter rest of a secret says nothing. */
const MIN_REST = 4;

/** Sends the planned request, with the secrets put in after the last check and before the first byte. */
export async function sendRequest(
  data: RequestData,
  context: RunContext,
  net: Net,
  keys: Keys,
): Promise<ToolResult<AnswerOutput>> {
  const { web } = context.settings;
  const target = net.parse(data.url);
  // A person may have bound the secret anew while this waited.
  await checkBindings(data.secrets, target, keys);
  const values = new Map<string, string>();
  for (const name of data.secrets) values.set(name, await keys.use(`secret:${name}`, context.client));
  const sent = withSecrets(data, values);
  if (new URL(sent.url).origin !== target.url.origin)
    throw new FastbandError('url_refused', 'A secret would change where this request goes.');
  const hide = masker([...values.values()]);
  const body = sent.json === undefined ? sent.body : JSON.stringify(sent.json);
  const { signal, stop } = deadline(context.signal, context.ports.clock, web.timeoutSeconds);
  try {
    const response = await net.fetch(sent.url, {
      method: data.method,
      headers: {
        'user-agent': USER_AGENT,
        accept: '*/*',
        ...(sent.json === undefined ? {} : { 'content-type': 'application/json' }),
        ...lowerCase(sent.headers),
        'accept-encoding': 'gzip, deflate, br',
      },
      ...(body === undefined ? {} : { body }),
      signal,
    });
    const { bytes, truncated } = await readBody(response, web.maxBytes, target.host, signal);
    const header = response.headers.get('content-type');
    const contentType = hide(mediaType(header));
    const isText = kindOf(contentType, bytes, header) !== 'binary';
    const whole = isText ? decodeText(bytes, header, truncated) : '';
    // Masked with more behind it than is told, so that no cut can hide a secret from the mask.
    const first = whole.slice(0, MAX_TEXT + MARGIN);
    const isCut = truncated || whole.length > MAX_TEXT;
    const masked = hide(first);
    const text = (isCut ? withoutRest(masked, [...values.values()]) : masked).slice(0, MAX_TEXT);
    const headers = Object.fromEntries(headersOf(response.headers, hide));
    const status = response.status;
    const size = isText
      ? `${bytes.length} bytes${isCut ? `, of which ${text.length} characters are shown` : ''}`
      : `${bytes.length} bytes that are not text`;
    const shown = [...Object.entries(headers).map(([name, value]) => `${name}: ${value}`), '', text].join(
      '\n',
    );
    return {
      output: {
        status,
        headers,
        contentType,
        ...(isText ? { body: text } : {}),
        bytes: bytes.length,
        truncated: isCut,
      },
      content: untrusted(
        `${data.method} ${data.url} answered ${status}; ${size}.`,
        shown,
        context.ports.random,
      ),
      summary: `${data.method} ${data.url.slice(0, 300)}: ${status}, ${bytes.length} bytes.`,
    };
  } finally {
    stop();
  }
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function headersOf(
  headers: { getSetCookie(): string[] } & Iterable<[string, string]>,
  hide: (text: string) => string,
): [string, string][] {
  const told = [...headers]
    .filter(([name]) => name !== 'set-cookie')
    .slice(0, MAX_HEADERS)
    .map(([name, value]): [string, string] => [hide(name), hide(value).slice(0, 2000)]);
  const cookies = headers.getSetCookie().slice(0, 50).map(hide).map(shortCookie);
  return cookies.length === 0 ? told : [...told, ['set-cookie', cookies.join('\n')]];
}

/** Enough of a cookie to see that it was set; a session's value is nothing for a model's memory. */
function shortCookie(cookie: string): string {
  const [, name = '', value = '', rest = ''] = /^([^=;]*)=([^;]*)(.*)$/s.exec(cookie) ?? [];
  if (name === '') return cookie.slice(0, 100);
  const shown = value.length > 8 ? `${value.slice(0, 4)}… (${value.length} characters)` : value;
  return `${name.slice(0, 100)}=${shown}${rest.slice(0, 300)}`;
}

/** Where reading stopped within a secret, its beginning is left at the end. */
function withoutRest(text: string, values: readonly string[]): string {
  for (const value of values) {
    for (let length = Math.min(value.length - 1, text.length); length >= MIN_REST; length--)
      if (text.endsWith(value.slice(0, length))) return `${text.slice(0, -length)}[secret]`;
  }
  return text;
}
