import { describe, expect, it } from 'vitest';
import type { Approval } from '../../contract/approvals.ts';
import type { Effect } from '../../contract/effects.ts';
import { shellMessages } from './messages.ts';
import { noticeOf } from './notice.ts';

const write = (op: 'create' | 'modify' | 'delete', more = {}): Effect => ({
  kind: 'write',
  workspace: 'shop',
  path: 'a',
  op,
  ...more,
});
const exec: Effect = {
  kind: 'exec',
  workspace: 'shop',
  cwd: '.',
  argv: ['ls'],
  binary: '/bin/ls',
  open: false,
};
const approval = (effects: Effect[], warnings: string[] = []) =>
  ({ title: 'Claude Code wants to change a', effects, warnings, reasons: [] }) as unknown as Approval;
const m = shellMessages('en', []);

describe('Allow in a notification', () => {
  it.each<[string, Effect[], string[]]>([
    ['reading', [{ kind: 'read', workspace: 'shop', path: 'a' }], []],
    ['a new file', [write('create')], []],
    ['changes of files', [write('modify'), write('create')], []],
  ])('is offered for %s', (_name, effects, warnings) => {
    expect(noticeOf(approval(effects, warnings), m).actions).toEqual(['allow', 'deny']);
  });

  it.each<[string, Effect[], string[]]>([
    ['a command', [exec], []],
    ['a change beside a command', [write('modify'), exec], []],
    ['a deletion', [write('delete')], []],
    ['a whole folder', [write('modify', { tree: true })], []],
    ['a change that has a warning', [write('modify')], ['The path leads through a link.']],
    ['nothing that is known', [], []],
  ])('is not offered for %s', (_name, effects, warnings) => {
    expect(noticeOf(approval(effects, warnings), m).actions).toEqual(['deny']);
  });

  it('shows the warning first', () => {
    expect(noticeOf(approval([exec], ['It can run anything.']), m).body).toBe('It can run anything.');
  });
});
