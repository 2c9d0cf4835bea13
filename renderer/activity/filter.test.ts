import { expect, test } from 'vitest';
import { AUDIT_TYPES, AuditFilter, type AuditRow } from '../../contract/audit.ts';
import { ABOUT, filterOf, mayPass } from './filter.ts';

const NOW = 1_800_000_000_000;
const of = (query: string) => filterOf(new URLSearchParams(query), NOW);

test.each([
  ['', {}],
  ['q=%20npm+test%20', { text: 'npm test' }],
  ['client=Cursor&tool=run_command&kind=exec', { client: 'Cursor', tool: 'run_command', kind: 'exec' }],
  ['time=hour', { from: NOW - 3_600_000 }],
  ['time=constructor', {}],
  ['from=1&to=2', { from: 1, to: 2 }],
  ['from=soon', {}],
  ['about=server', { type: ABOUT.server }],
  ['row=7&drawer=1', {}],
])('the address %j asks for %j', (query, filter) => {
  expect(of(query)).toEqual(filter);
  expect(AuditFilter.safeParse(of(query)).success).toBe(true);
});

test('every type of row can be chosen, and by one choice only', () => {
  expect(Object.values(ABOUT).flat().toSorted()).toEqual([...AUDIT_TYPES].toSorted());
});

const row = {
  seq: 1,
  at: NOW,
  type: 'call.finished',
  actor: 'Cursor',
  clientId: 'k1',
  tool: 'run_command',
  kinds: ['exec'],
  decision: 'ask',
  outcome: 'ok',
} as unknown as AuditRow;

test.each([
  ['client=Cursor', true],
  ['client=k1', true],
  ['client=Codex', false],
  ['kind=exec', true],
  ['kind=read', false],
  ['about=calls', true],
  ['about=server', false],
  ['time=hour', true],
  [`to=${NOW}`, false],
])('a new row belongs to %j: %j', (query, passes) => {
  expect(mayPass(row, of(query))).toBe(passes);
});
