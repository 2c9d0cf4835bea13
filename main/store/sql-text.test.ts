import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAst } from 'vite';
import { expect, test } from 'vitest';

/** What may stand in our own SQL: lists of columns, constants, numbers of ours and the two orders; never a value. */
const CONSTANTS = new Set([
  'audit-chain.ts: ROW_TEXT',
  'audit-chain.ts: columns',
  'audit-find.ts: AUDIT_COLUMNS',
  'audit-find.ts: order',
  'audit-index.ts: AUDIT_COLUMNS',
  "audit-index.ts: PREFIX_LENGTHS.join(' ')",
  'audit-index.ts: String(name)',
  'audit-index.ts: id',
  'audit-index.ts: order',
  'audit-places.ts: AUDIT_COLUMNS',
  'audit-stats.ts: COUNTS',
  'audit-stats.ts: key',
  'audit-stats.ts: named',
  'audit.ts: AUDIT_COLUMNS',
  'audit.ts: NEWEST',
  "pictures.ts: conditions.join(' AND ')",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source of a template.
  "pictures.ts: conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`",
]);

/** `name: ${expression}` of each template in a file that reads like SQL. */
function partsOf(file: string): string[] {
  const text = readFileSync(join(import.meta.dirname, file), 'utf8');
  const found: string[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) for (const one of node) visit(one);
    if (typeof node !== 'object' || node === null || Array.isArray(node)) return;
    if ('type' in node && node.type === 'TemplateLiteral') {
      const { start, end, expressions } = node as unknown as {
        start: number;
        end: number;
        expressions: { start: number; end: number }[];
      };
      if (
        /\b(?:SELECT|INSERT|UPDATE|DELETE|REPLACE|CREATE|DROP|ALTER|WHERE|VALUES|ORDER BY)\b/.test(
          text.slice(start, end),
        )
      )
        for (const one of expressions)
          found.push(`${file}: ${text.slice(one.start, one.end).replace(/\s+/g, ' ')}`);
    }
    for (const one of Object.values(node)) visit(one);
  };
  visit(parseAst(text, { lang: 'ts' }));
  return found;
}

test('no value is put into the text of our own SQL: what stands in it is on a short list [DB-4]', () => {
  const files = readdirSync(import.meta.dirname).filter((one) => one.endsWith('.ts') && !/test/.test(one));
  expect(files.length).toBeGreaterThan(20);
  const parts = [...new Set(files.flatMap(partsOf))].sort();
  expect(parts).toEqual([...CONSTANTS].sort());
});
