import { FastbandError } from '../../core/errors.ts';

export interface Body {
  readonly bytes: Buffer;
  /** There was more than the cap. */
  readonly truncated: boolean;
}

interface Response {
  readonly headers: { get(name: string): string | null };
  readonly body: AsyncIterable<unknown> | null;
}

/**
 * Reads a response up to a cap that counts unpacked bytes, so that a small bomb stays small, and lets go of the rest.
 *
 * @param host - for messages
 * @throws FastbandError `fetch_failed` when it breaks off; the signal's reason
 */
export async function readBody(
  response: Response,
  maxBytes: number,
  host: string,
  signal: AbortSignal,
): Promise<Body> {
  // Each further packing multiplies what one byte can unpack to; no honest server packs twice.
  if ((response.headers.get('content-encoding') ?? '').includes(','))
    throw new FastbandError('fetch_failed', `${host} packed its answer more than once; it is not unpacked.`);
  if (response.body === null) return { bytes: Buffer.alloc(0), truncated: false };
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body) {
      if (!(chunk instanceof Uint8Array)) continue;
      chunks.push(chunk);
      size += chunk.byteLength;
      // Leaving the loop cancels the body and closes its connection.
      if (size > maxBytes) break;
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw new FastbandError('fetch_failed', `The answer of ${host} broke off or is malformed.`, {
      cause: error,
    });
  }
  return { bytes: Buffer.concat(chunks).subarray(0, maxBytes), truncated: size > maxBytes };
}

/** Lets go of a body that nobody reads. */
export async function dropBody(response: { readonly body: unknown }): Promise<void> {
  const { body } = response;
  if (typeof body === 'object' && body !== null && 'cancel' in body && typeof body.cancel === 'function')
    await Promise.resolve(body.cancel()).catch(() => {});
}

/** The media type alone, lower case: `text/html`. Empty when there is none. */
export function mediaType(contentType: string | null): string {
  return (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/**
 * What a body is by its declared type, and by its look where none is declared.
 *
 * @param contentType - the whole header: UTF-16 without a mark is full of zeros and still text, where the charset says so
 */
export function kindOf(
  type: string,
  bytes: Buffer,
  contentType: string | null = null,
): 'html' | 'text' | 'binary' {
  const start = bytes.subarray(0, 1024);
  const wide = (start[0] === 0xff && start[1] === 0xfe) || (start[0] === 0xfe && start[1] === 0xff);
  const said = /^(?:utf-?16|ucs-?2|iso-10646-ucs-2|unicode|csunicode)/i.test(charsetOf(contentType) ?? '');
  const looksBinary = !wide && !said && start.includes(0);
  if (type === '' || type === 'application/octet-stream') {
    if (looksBinary) return 'binary';
    if (/^\s*(?:<!doctype html|<html)/i.test(start.toString('latin1'))) return 'html';
    return type === '' ? 'text' : 'binary';
  }
  if (type === 'text/html' || type === 'application/xhtml+xml') return 'html';
  const textual =
    type.startsWith('text/') ||
    /^application\/(?:(?:[a-z0-9.-]+\+)?(?:json|xml|yaml)|x-(?:yaml|ndjson|javascript|sh|www-form-urlencoded)|javascript|ecmascript|json5?|jsonl|ndjson|jsonlines|toml|sql|graphql|rtf|xml-dtd|x-www-form-urlencoded)$/.test(
      type,
    ) ||
    type === 'image/svg+xml';
  return textual && !looksBinary ? 'text' : 'binary';
}

/**
 * Bytes as text: by their mark, else the declared charset, else what an HTML or XML head says, else UTF-8 where it is
 * valid, else windows-1252. Source: WHATWG HTML, "determining the character encoding".
 *
 * @param truncated - the last character may be cut
 */
export function decodeText(bytes: Buffer, contentType: string | null, truncated: boolean): string {
  const marked = markOf(bytes);
  const label = marked ?? charsetOf(contentType) ?? headCharset(bytes);
  const decoder = decoderFor(label);
  if (decoder !== undefined) return decoder.decode(bytes, { stream: truncated });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: truncated });
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

function charsetOf(contentType: string | null): string | undefined {
  return /;\s*charset\s*=\s*["']?([^\s"';]+)/i.exec(contentType ?? '')?.[1];
}

function markOf(bytes: Buffer): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return undefined;
}

function headCharset(bytes: Buffer): string | undefined {
  const head = bytes.subarray(0, 1024).toString('latin1');
  const label = (/<meta[^>]{0,500}?charset\s*=\s*["']?\s*([\w.:-]+)/i.exec(head) ??
    /^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]+)/.exec(head))?.[1];
  // What could be read as ASCII is not UTF-16, whatever it says of itself.
  return label !== undefined && /^utf-?16/i.test(label) ? 'utf-8' : label;
}

function decoderFor(label: string | undefined): TextDecoder | undefined {
  if (label === undefined) return undefined;
  try {
    return new TextDecoder(label);
  } catch {
    return undefined;
  }
}
