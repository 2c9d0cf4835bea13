import { FastbandError } from '../../core/errors.ts';

/** `{{secret:NAME}}`: stands for a secret that is put in as the request leaves. */
const REFERENCE = /\{\{secret:([A-Za-z][A-Za-z0-9_-]{0,63})\}\}/g;
/** What was meant as one, and would be sent to a stranger as it stands. */
const MISSHAPEN = /\{\{\s*secret\b/i;

type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

/** Where references may stand. Names of headers and of JSON fields are not among them. */
export interface Parts {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly json: unknown;
}

/**
 * The names that are referred to, each once.
 *
 * @throws FastbandError `invalid_input` for a reference that is misshapen, or stands where it could choose the host or
 *   the path
 */
export function referencesIn({ url, headers, body, json }: Parts): string[] {
  const { search } = new URL(url);
  const beforeQuery = url.slice(0, url.indexOf('?') === -1 ? undefined : url.indexOf('?'));
  if (MISSHAPEN.test(safeDecode(beforeQuery)) || MISSHAPEN.test(safeDecode(new URL(url).hash)))
    throw invalid('In a URL, a secret can stand in the query only.');
  const texts = [search, ...Object.values(headers), body ?? '', ...stringsOf(json, 0)];
  for (const name of [...Object.keys(headers), ...keysOf(json, 0)])
    if (MISSHAPEN.test(name)) throw invalid('A secret can stand in values only, not in names.');
  for (const text of texts)
    if (MISSHAPEN.test(text.replace(REFERENCE, '')))
      throw invalid('A secret is written {{secret:NAME}}, with nothing else between the braces.');
  return [...new Set(texts.flatMap((text) => [...text.matchAll(REFERENCE)].map(([, name = '']) => name)))];
}

/** The parts with every reference replaced; in the query percent-encoded, in JSON as the string that it is. */
export function withSecrets(parts: Parts, values: ReadonlyMap<string, string>): Parts {
  const put = (text: string) => text.replace(REFERENCE, (_, name: string) => values.get(name) ?? '');
  const url = new URL(parts.url);
  url.search = url.search.replace(REFERENCE, (_, name: string) => encodeURIComponent(values.get(name) ?? ''));
  return {
    url: url.href,
    headers: Object.fromEntries(
      Object.entries(parts.headers).map(([name, value]) => [
        name,
        headerValue(put(value), value !== put(value)),
      ]),
    ),
    body: parts.body === undefined ? undefined : put(parts.body),
    json: parts.json === undefined ? undefined : mapStrings(parts.json as Value, put),
  };
}

/** Said here, without the value: the error of whoever sends it would show it. */
function headerValue(value: string, hasSecret: boolean): string {
  if (hasSecret && !/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
    throw invalid('A secret holds characters that no header can carry.');
  return value;
}

function stringsOf(value: unknown, depth: number): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  if (depth > MAX_DEPTH) throw invalid('This JSON is nested too deeply.');
  return Object.values(value).flatMap((one) => stringsOf(one, depth + 1));
}

function keysOf(value: unknown, depth: number): string[] {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return [];
  const own = Array.isArray(value) ? [] : Object.keys(value);
  return [...own, ...Object.values(value).flatMap((one) => keysOf(one, depth + 1))];
}

function mapStrings(value: Value, put: (text: string) => string): Value {
  if (typeof value === 'string') return put(value);
  if (Array.isArray(value)) return value.map((one: Value) => mapStrings(one, put));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, mapStrings(one, put)]));
}

const MAX_DEPTH = 100;

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function invalid(message: string): FastbandError {
  return new FastbandError('invalid_input', message);
}
