import type { AuditFilter } from '../../contract/audit.ts';
import { sha256Hex } from '../core/canonical.ts';
import { parseDetail, type RawAuditRow } from './audit-row.ts';

/**
 * Words and filter values as the index knows them. Text is brought into one form here, on both sides, so that the
 * tokenizer of FTS5 (`ascii`: every character above 127 is part of a word) has nothing left to decide.
 */

/** Longer words are found by their beginning. Hashes would otherwise make up most of the index. */
const MAX_WORD = 32;
// Runs of what the `ascii` tokenizer takes for a word.
const WORD = /[a-z0-9\u0080-\uffff]+/g;
const LONG_WORD = new RegExp(`([A-Za-z0-9\\u0080-\\uffff]{${MAX_WORD}})[A-Za-z0-9\\u0080-\\uffff]+`, 'g');
/** Begins the word of a filter value. Private use: taken out of every text, so no text can hold such a word. */
const TAG = '\ue000';

/** A word that must occur: whole, or as the beginning of one. */
export interface Term {
  readonly word: string;
  readonly prefix: boolean;
}

/** What the index holds of a row: its words and the tags of its filter values. */
export function indexText(row: RawAuditRow): string {
  const [, , type, callId, actor, clientId, tool, kinds, decision, outcome, , summary, detail] = row;
  const tags = [tag('t', type), tag('c', actor)];
  if (clientId !== null) tags.push(tag('c', clientId));
  if (tool !== null) tags.push(tag('o', tool));
  if (kinds !== '') for (const kind of kinds.split(',')) tags.push(tag('k', kind));
  if (decision !== null) tags.push(tag('d', decision));
  if (outcome !== null) tags.push(tag('r', outcome));
  const texts = [actor, tool ?? '', callId ?? '', type, summary];
  if (detail !== '{}') collectTexts(parseDetail(detail), texts, 0);
  return `${tags.join(' ')} ${normalise(texts.join(' '))}`;
}

/** The terms of what a person typed. A word like `src/app.ts` is three, in any order, the last one as a beginning. */
export function termsOf(text: string): Term[] {
  const terms = new Map<string, boolean>();
  for (const word of normalise(text).split(/\s+/)) {
    const parts = word.toLowerCase().match(WORD) ?? [];
    parts.forEach((part, index) => {
      const prefix = index === parts.length - 1;
      terms.set(part, (terms.get(part) ?? true) && prefix);
    });
  }
  return [...terms].map(([word, prefix]) => ({ word, prefix }));
}

/** Whether an index text holds a term, for rows that no index holds yet. */
export function holdsTerms(text: string, terms: readonly Term[]): boolean {
  const words = text.toLowerCase().match(WORD) ?? [];
  return terms.every(({ word, prefix }) => words.some((one) => (prefix ? one.startsWith(word) : one === word)));
}

/**
 * A filter as an FTS5 expression of quoted words only: nothing that a person types is syntax.
 *
 * @returns undefined when the filter has nothing that the index answers
 */
export function matchExpression(filter: AuditFilter, terms: readonly Term[]): string | undefined {
  const parts: string[] = [];
  if (filter.client !== undefined) parts.push(quote(tag('c', filter.client)));
  if (filter.tool !== undefined) parts.push(quote(tag('o', filter.tool)));
  if (filter.kind !== undefined) parts.push(quote(tag('k', filter.kind)));
  if (filter.decision !== undefined) parts.push(quote(tag('d', filter.decision)));
  if (filter.outcome !== undefined) parts.push(quote(tag('r', filter.outcome)));
  if (filter.type !== undefined && filter.type.length > 0) parts.push(`(${filter.type.map((type) => quote(tag('t', type))).join(' OR ')})`);
  // An id is in the text anyway; a tag of its own would double the rarest words of the index.
  for (const { word } of filter.callId === undefined ? [] : termsOf(filter.callId)) parts.push(quote(word));
  for (const { word, prefix } of terms) parts.push(prefix ? `${quote(word)} *` : quote(word));
  return parts.length === 0 ? undefined : parts.join(' AND ');
}

function quote(word: string): string {
  return `"${word.replaceAll('"', '""')}"`;
}

const tags = new Map<string, string>();

/** A filter value as one word. Values that are no plain word are hashed; the row itself has the last say. */
function tag(letter: string, value: string): string {
  const key = letter + value;
  const known = tags.get(key);
  if (known !== undefined) return known;
  const word = `${TAG}${letter}${/^[a-z]{1,24}$/.test(value) ? value : sha256Hex(value).slice(0, 20)}`;
  if (tags.size > 2000) tags.clear();
  tags.set(key, word);
  return word;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
const ASCII = /^[\x00-\x7f]*$/;

function normalise(text: string): string {
  const plain = ASCII.test(text)
    ? text
    : text
        .normalize('NFKD')
        .replace(/\p{M}+/gu, '')
        .replace(/[^\p{L}\p{N}\x00-\x7f]+/gu, ' ')
        .toLowerCase();
  return plain.replace(LONG_WORD, '$1');
}

/** Values, not names: every row has a `path` somewhere. */
function collectTexts(value: unknown, texts: string[], depth: number): void {
  if (typeof value === 'string') texts.push(value);
  else if (typeof value === 'number') texts.push(String(value));
  else if (typeof value === 'object' && value !== null && depth < 20) for (const one of Object.values(value)) collectTexts(one, texts, depth + 1);
}
