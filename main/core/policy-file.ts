import { type Document, isScalar, Lexer, LineCounter, parseDocument, stringify, visit } from 'yaml';
import type { z } from 'zod';
import { middleCut, showLine } from '../../contract/display.ts';
import { PolicyFile } from '../../contract/policy.ts';
import { FastbandError } from './errors.ts';
import { compileMatch } from './match.ts';

/** An alias may stand for others, and those for others still: a few lines that would fill the memory. */
const MAX_ALIASES = 20;
const MAX_PROBLEMS = 10;
const MAX_PROBLEM = 200;
/** Rules nest four deep; one list or map on a line each is more than enough. */
const MAX_DEPTH = 8;

/**
 * Reads a policy file's text: YAML of the core schema (no custom tags), every key known, every pattern meaningful. Long
 * texts can be made so that this takes seconds: what a person has not chosen is read by `readPolicy`.
 *
 * @param name - what messages call the file
 * @throws FastbandError `invalid_input`, with the line of each problem
 */
export function parsePolicy(text: string, name: string): PolicyFile {
  const tangled = tangledLine(text);
  if (tangled !== undefined)
    throw bad(name, [
      `line ${tangled}: it nests deeper than any rule does, or has a key that is no plain word`,
    ]);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    schema: 'core',
    uniqueKeys: true,
    lineCounter: lines,
    prettyErrors: false,
  });
  const at = (offset: number) => lines.linePos(offset).line;
  const lineOf = (path: readonly PropertyKey[]): number | undefined => {
    // The nearest part that exists: a missing key is told with the line of what it is missing from.
    for (let length = path.length; length >= 0; length--) {
      const node = document.getIn(path.slice(0, length), true);
      if (hasRange(node)) return at(node.range[0]);
    }
    return undefined;
  };

  const problems = [...document.errors, ...document.warnings].map(
    (error) => `line ${at(error.pos[0])}: ${error.message}`,
  );
  problems.push(...strangeKeys(document).map((offset) => `line ${at(offset)}: a key must be a plain word`));
  if (problems.length > 0) throw bad(name, problems);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    throw bad(name, [error instanceof Error ? error.message : 'it cannot be read']);
  }
  const parsed = PolicyFile.safeParse(value);
  if (!parsed.success)
    throw bad(
      name,
      parsed.error.issues.map((issue) => issueWords(issue, lineOf)),
    );
  const unclear = parsed.data.rules.flatMap(({ match }, index) => {
    const problem = matchProblem(match);
    return problem === undefined ? [] : [withLine(lineOf(['rules', index, 'match']), problem)];
  });
  if (unclear.length > 0) throw bad(name, unclear);
  return parsed.data;
}

/** A policy file's text, as `parsePolicy` reads it. */
export function policyText(policy: Pick<PolicyFile, 'version' | 'rules'>): string {
  return stringify(policy, { schema: 'core', aliasDuplicateObjects: false });
}

/**
 * The first line, counted from 1, in which a text nests deeper than people write: the parser goes through deeper ones
 * again and again, so that a few kilobytes take it minutes. Told by its own lexer, which goes through any text once.
 */
function tangledLine(text: string): number | undefined {
  let line = 1;
  let depth = 0;
  let inRow = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === '?') return line;
    if (token === '[' || token === '{') depth++;
    else if ((token === ']' || token === '}') && depth > 0) depth--;
    if (token === '-') inRow++;
    else if (token.includes('\n')) inRow = 0;
    if (depth > MAX_DEPTH || inRow > MAX_DEPTH) return line;
    line += token.split('\n').length - 1;
  }
  return undefined;
}

/** Where keys are that are no words: an alias could be a key that is there already, and would silently win over it. */
function strangeKeys(document: Document): number[] {
  const found: number[] = [];
  visit(document, {
    Pair: (_, { key }) => {
      if (!isScalar(key)) found.push(hasRange(key) ? key.range[0] : 0);
    },
  });
  return found;
}

function hasRange(node: unknown): node is { range: [number, number, number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
}

function issueWords(
  issue: z.core.$ZodIssue,
  lineOf: (path: readonly PropertyKey[]) => number | undefined,
): string {
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const known = `there is no key ${issue.keys.map((one) => `"${one}"`).join(', ')}${path === '' ? '' : ` in ${path}`}`;
    return withLine(lineOf([...issue.path, key]), known);
  }
  return withLine(lineOf(issue.path), `${path === '' ? 'the file' : path}: ${issue.message}`);
}

function withLine(line: number | undefined, text: string): string {
  return line === undefined ? text : `line ${line}: ${text}`;
}

function matchProblem(match: PolicyFile['rules'][number]['match']): string | undefined {
  try {
    compileMatch(match);
    return undefined;
  } catch (error) {
    if (error instanceof FastbandError) return error.message;
    throw error;
  }
}

function bad(name: string, problems: readonly string[]): FastbandError {
  const more = problems.length > MAX_PROBLEMS ? `; and ${problems.length - MAX_PROBLEMS} more` : '';
  // What is wrong may be said in the file's own words.
  const shown = problems.slice(0, MAX_PROBLEMS).map((one) => middleCut(showLine(one), MAX_PROBLEM));
  return new FastbandError('invalid_input', `${name} is no valid policy: ${shown.join('; ')}${more}.`);
}
