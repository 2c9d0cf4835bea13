import { FastbandError } from '../../core/errors.ts';

/**
 * Headers that say how the message is framed, where it goes or who carries it: whoever sets them can make one request
 * read as two, or reach another site behind the same address. Source: WHATWG Fetch, "forbidden request-header";
 * RFC 9110, 7.6.1; RFC 9112, 11.2.
 */
const FORBIDDEN = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'date',
  'expect',
  'forwarded',
  'host',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
]);
const FORBIDDEN_START = /^(?:proxy-|sec-|x-forwarded-|:)/;
const NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;

/** @throws FastbandError `invalid_input` for a header that may not be set, or that would be read as more than one */
export function checkHeaders(headers: Readonly<Record<string, string>>): void {
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (!NAME.test(name)) throw invalid('A header’s name has letters, digits and hyphens.');
    if (seen.has(lower)) throw invalid(`The header ${lower} is given twice.`);
    seen.add(lower);
    if (
      FORBIDDEN.has(lower) ||
      FORBIDDEN_START.test(lower) ||
      // Frameworks take the method from here, and the person approved another.
      /^x-(?:http-)?method(?:-override)?$/.test(lower)
    )
      throw invalid(`The header ${lower} is set by Fastband alone.`);
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      throw invalid(
        `The value of the header ${lower} has line ends or other characters that no header can carry.`,
      );
  }
}

function invalid(message: string): FastbandError {
  return new FastbandError('invalid_input', message);
}
