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
  return terms.every(({ word, prefix }) =>
    words.some((one) => (prefix ? one.startsWith(word) : one === word)),
  );
}

/** Lengths of word beginnings that the index holds lists of, in characters. */
export const PREFIX_LENGTHS = [3, 5] as const;

/** A filter as FTS5 expressions of quoted words only: nothing that a person types is syntax. */
export interface Expressions {
  /** Matches exactly the rows that hold the filter's values and terms. */
  readonly exact: string;
  /**
   * Matches all of those and maybe others, without making the list of a common beginning (every `ts…` of a million
   * rows) first: beginnings are cut to a length that the index has the list of. Absent where `exact` is as cheap.
   */
  readonly wide?: string;
}

/** @returns undefined when the filter has nothing that the index answers */
export function matchExpressions(filter: AuditFilter, terms: readonly Term[]): Expressions | undefined {
  const values: string[] = [];
  if (filter.client !== undefined) values.push(quote(tag('c', filter.client)));
  if (filter.tool !== undefined) values.push(quote(tag('o', filter.tool)));
  if (filter.kind !== undefined) values.push(quote(tag('k', filter.kind)));
  if (filter.decision !== undefined) values.push(quote(tag('d', filter.decision)));
  if (filter.outcome !== undefined) values.push(quote(tag('r', filter.outcome)));
  if (filter.type !== undefined && filter.type.length > 0)
    values.push(`(${filter.type.map((type) => quote(tag('t', type))).join(' OR ')})`);
  // An id is in the text anyway; a tag of its own would double the rarest words of the index.
  for (const { word } of filter.callId === undefined ? [] : termsOf(filter.callId)) values.push(quote(word));
  const exact = [...values, ...terms.map(({ word, prefix }) => (prefix ? `${quote(word)} *` : quote(word)))];
  if (exact.length === 0) return undefined;
  const wide = [...values, ...terms.flatMap(widened)];
  const narrower = exact.every((part, index) => part === wide[index]);
  return {
    exact: exact.join(' AND '),
    ...(narrower || wide.length === 0 ? {} : { wide: wide.join(' AND ') }),
  };
}

function widened({ word, prefix }: Term): string[] {
  if (!prefix) return [quote(word)];
  const characters = [...word];
  const length = PREFIX_LENGTHS.findLast((one) => one <= characters.length);
  return length === undefined ? [] : [`${quote(characters.slice(0, length).join(''))} *`];
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

const ASCII = /^\p{ASCII}*$/u;

function normalise(text: string): string {
  const plain = ASCII.test(text)
    ? text
    : text
        .normalize('NFKD')
        .replace(/\p{M}+/gu, '')
        .replace(/[^\p{L}\p{N}\p{ASCII}]+/gu, ' ')
        .toLowerCase();
  return cutLongWords(plain);
}

/** By hand: over a whole log, a regular expression for this takes longer than everything else together. */
function cutLongWords(text: string): string {
  let cut = '';
  let kept = 0;
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    if (i < text.length && isWordUnit(text.charCodeAt(i))) continue;
    if (i - start > MAX_WORD) {
      cut += text.slice(kept, start + MAX_WORD);
      kept = i;
    }
    start = i + 1;
  }
  return kept === 0 ? text : cut + text.slice(kept);
}

function isWordUnit(unit: number): boolean {
  return (
    (unit >= 97 && unit <= 122) || (unit >= 48 && unit <= 57) || (unit >= 65 && unit <= 90) || unit >= 128
  );
}

/** Values, not names: every row has a `path` somewhere. */
function collectTexts(value: unknown, texts: string[], depth: number): void {
  if (typeof value === 'string') texts.push(value);
  else if (typeof value === 'number') texts.push(String(value));
  else if (typeof value === 'object' && value !== null && depth < 20)
    for (const one of Object.values(value)) collectTexts(one, texts, depth + 1);
}
