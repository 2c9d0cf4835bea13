import { describe, expect, it } from 'vitest';
import type { Approval, Warning } from '../../contract/approvals.ts';
import type { Effect } from '../../contract/effects.ts';
import type { EffectDecision } from '../../contract/policy.ts';
import { warning } from '../../contract/sentences.ts';
import { shellMessages } from './messages.ts';
import { noticeOf } from './notice.ts';

const write = (op: 'create' | 'modify' | 'delete' | 'mkdir', path = 'notes.md', more = {}): Effect => ({
  kind: 'write',
  workspace: 'shop',
  path,
  op,
  ...more,
});
const read = (path: string): Effect => ({ kind: 'read', workspace: 'shop', path });
const exec: Effect = {
  kind: 'exec',
  workspace: 'shop',
  cwd: '.',
  argv: ['ls'],
  binary: '/bin/ls',
  open: false,
};
const approval = (effects: Effect[], warnings: Warning[] = []) =>
  ({ clientName: 'Claude Code', effects, warnings, reasons: [] }) as unknown as Approval;
const byDefault: EffectDecision = {
  effect: write('modify'),
  decision: 'ask',
  reason: { by: 'default', id: 'ask', text: 'In English.' },
};
const m = shellMessages('en', []);

describe('Allow in a notification', () => {
  it.each<[string, Effect[]]>([
    ['reading', [read('src/cart.ts')]],
    ['reading a workspace', [read('.')]],
    ['a new text', [write('create')]],
    ['a new text in a new folder', [write('mkdir', 'docs'), write('create', 'docs/prices.csv')]],
  ])('is offered for %s', (_name, effects) => {
    expect(noticeOf(approval(effects), m).actions).toEqual(['allow', 'deny']);
  });

  it.each<[string, Effect[], Warning[]]>([
    ['a command', [exec], []],
    ['a new text beside a command', [write('create'), exec], []],
    ['a change, whose difference nobody has seen', [write('modify')], []],
    ['a change beside a new text', [write('create'), write('modify', 'b.md')], []],
    ['a deletion', [write('delete')], []],
    ['a whole folder', [write('create', 'docs', { tree: true })], []],
    ['reading what is hidden', [read('.env')], []],
    ['a hidden text', [write('create', '.notes.md')], []],
    ['a text in a hidden folder', [write('create', '.github/notes.md')], []],
    ['a hidden folder', [write('mkdir', 'a/.git')], []],
    ['what configures programs', [write('create', 'package.json')], []],
    ['what runs with tests', [write('create', 'conftest.py')], []],
    ['a script', [write('create', 'scripts/build.sh')], []],
    ['a file without an ending', [write('create', 'Makefile')], []],
    ['a text that hides its ending', [write('create', 'notes.md.js')], []],
    ['what an installer reads', [write('create', 'requirements-dev.txt')], []],
    ['what an agent reads', [write('create', 'docs/AGENTS.md')], []],
    ['a new text that has a warning', [write('create')], [warning('throughLink', 'notes.md')]],
    ['nothing that is known', [], []],
  ])('is not offered for %s', (_name, effects, warnings) => {
    expect(noticeOf(approval(effects, warnings), m).actions).toEqual(['deny']);
  });

  it('shows the warning first', () => {
    expect(noticeOf(approval([exec], [warning('script', 'go.sh')]), m).body).toBe(
      'go.sh is a script. What it does cannot be seen from here.',
    );
  });

  it('speaks the language of the panel', () => {
    const german = shellMessages('de', []);
    const asked = { ...approval([write('modify')]), reasons: [byDefault] };
    expect(noticeOf(asked, german)).toEqual({
      title: 'Claude Code möchte notes.md in shop ändern',
      body: 'Keine Regel und keine Erlaubnis deckt das ab: Eine Änderung braucht Ihre Antwort.',
      actions: ['deny'],
    });
    expect(noticeOf(approval([exec], [warning('linkedFolder')]), german).body).toBe(
      'Der Ordner, in dem der Befehl läuft, führt über einen Link.',
    );
  });
});
