import { expect, test } from 'vitest';
import type { Approval } from '../../contract/approvals.ts';
import { alikeTo } from './alike.ts';

const write = { kind: 'write', workspace: 'shop', path: 'a', op: 'modify' } as const;
const one = (id: string, more: Partial<Approval> = {}): Approval =>
  ({ id, clientId: 'k1', tool: 'edit_file', effects: [write], warnings: [], ...more }) as Approval;
const ids = (approvals: readonly Approval[]) => approvals.map(({ id }) => id);

test('the same client, tool and kinds of effect are alike, whatever the path', () => {
  const first = one('1');
  expect(ids(alikeTo(first, [first, one('2', { effects: [{ ...write, path: 'b' }, write] })]))).toEqual([
    '1',
    '2',
  ]);
});

test.each<[string, Partial<Approval>]>([
  ['another client', { clientId: 'k2' }],
  ['another tool', { tool: 'write_file' }],
  ['another kind of change', { effects: [{ ...write, op: 'delete' }] }],
  ['one effect more', { effects: [write, { kind: 'read', workspace: 'shop', path: 'a' }] }],
  ['a warning', { warnings: [{ code: 'hiddenCharacters', about: [] }] }],
])('%s is not alike', (_, more) => {
  const first = one('1');
  expect(ids(alikeTo(first, [first, one('2', more)]))).toEqual(['1']);
});

test('what has a warning is answered alone', () => {
  const first = one('1', { warnings: [{ code: 'shell', about: ['sh'] }] });
  expect(alikeTo(first, [first, one('2')])).toEqual([]);
});
