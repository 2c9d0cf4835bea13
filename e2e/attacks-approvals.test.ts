import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CallToolResult, Client } from '@modelcontextprotocol/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Host, Sandbox } from './host.ts';

let box: Sandbox;
let host: Host;
let client: Client;

beforeEach(async () => {
  box = new Sandbox();
  for (const [name, text] of [
    ['a.txt', 'one\n'],
    ['b.txt', 'other\n'],
  ] as const)
    writeFileSync(at(name), text);
  writeFileSync(at('tool.sh'), '#!/bin/sh\necho first > ran.txt\n', { mode: 0o755 });
  const git = (...args: string[]) => execFileSync('git', args, { cwd: box.workspace, stdio: 'ignore' });
  git('init', '-q', '-b', 'main');
  git('config', 'user.name', 'Ada');
  git('config', 'user.email', 'ada@example.org');
  git('add', 'a.txt');
  host = await box.serve();
  client = await box.connect(host, await box.addClient('Claude Code'));
});
afterEach(() => box.close());

const at = (name: string) => join(box.workspace, name);
const text = (name: string) => (existsSync(at(name)) ? readFileSync(at(name), 'utf8') : undefined);
const call = (name: string, args: Record<string, unknown>, by = client) =>
  by.callTool({ name, arguments: args }) as Promise<CallToolResult>;
const codeOf = (result: CallToolResult) => result._meta?.['fastband/code'];
const decide = (id: string, more: Record<string, unknown> = {}) =>
  host.api('approvals.decide', { id, decision: 'allow', ...more });

describe('what changed after it was shown is not done [CALL-2]', () => {
  it.each<[string, string, Record<string, unknown>, () => void]>([
    [
      'a file was edited',
      'write_file',
      { path: 'a.txt', content: 'new' },
      () => writeFileSync(at('a.txt'), 'changed\n'),
    ],
    [
      'a file was edited',
      'edit_file',
      { path: 'a.txt', edits: [{ old: 'one', new: 'new' }] },
      () => writeFileSync(at('a.txt'), 'one, changed\n'),
    ],
    [
      'a file became a link',
      'write_file',
      { path: 'a.txt', content: 'new' },
      () => {
        rmSync(at('a.txt'));
        symlinkSync(at('b.txt'), at('a.txt'));
      },
    ],
    [
      'a file that was not there came',
      'write_file',
      { path: 'c.txt', content: 'new' },
      () => writeFileSync(at('c.txt'), 'mine\n'),
    ],
    [
      'a file was replaced by another',
      'delete_path',
      { path: 'a.txt' },
      () => renameSync(at('b.txt'), at('a.txt')),
    ],
    [
      'the place that it goes to was taken',
      'move_path',
      { from: 'a.txt', to: 'd.txt' },
      () => writeFileSync(at('d.txt'), 'mine\n'),
    ],
    [
      'more was staged',
      'git_commit',
      { message: 'One file' },
      () => execFileSync('git', ['add', 'b.txt'], { cwd: box.workspace }),
    ],
    [
      'the program was edited',
      'run_command',
      { command: ['./tool.sh'] },
      () => writeFileSync(at('tool.sh'), '#!/bin/sh\necho second > ran.txt\n'),
    ],
    [
      'the program was replaced',
      'run_command',
      { command: ['./tool.sh'] },
      () => {
        writeFileSync(at('evil.sh'), '#!/bin/sh\necho evil > ran.txt\n');
        chmodSync(at('evil.sh'), 0o755);
        renameSync(at('evil.sh'), at('tool.sh'));
      },
    ],
  ])('%s: %s', async (_name, tool, args, change) => {
    const asked = call(tool, args);
    const { id } = await host.waiting();
    change();
    const before = [text('a.txt'), text('b.txt'), text('c.txt'), text('d.txt'), text('ran.txt')];
    const commits = () =>
      execFileSync('git', ['rev-list', '--all', '--count'], { cwd: box.workspace, encoding: 'utf8' });
    const had = commits();
    await decide(id);
    const result = await asked;
    expect([result.isError, codeOf(result)]).toEqual([true, 'changed_since_plan']);
    expect([text('a.txt'), text('b.txt'), text('c.txt'), text('d.txt'), text('ran.txt')]).toEqual(before);
    expect(commits()).toBe(had);
  });

  it('a tool that was switched off meanwhile', async () => {
    const asked = call('write_file', { path: 'a.txt', content: 'new' });
    const { id } = await host.waiting();
    await host.api('tools.setEnabled', { name: 'write_file', enabled: false });
    expect(codeOf(await asked)).toBe('tool_disabled');
    await expect(decide(id)).rejects.toMatchObject({ code: 'approval_stale' });
    expect(text('a.txt')).toBe('one\n');
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ['made read-only', () => host.api('workspaces.update', { name: 'shop', readOnly: true }), 'read_only'],
    ['taken away', () => host.api('workspaces.remove', { name: 'shop' }), 'outside_workspace'],
  ])('a workspace that was %s meanwhile: what waits is void', async (_name, change, code) => {
    await box.run(['rules', 'add', '--allow', 'exec', '--', 'sleep', '60']);
    const asked = call('write_file', { path: 'a.txt', content: 'new' });
    const { id } = await host.waiting();
    const running = call('run_command', { command: ['sleep', '60'] });
    await expect.poll(async () => (await host.api('server.status')).activeCalls).toBeGreaterThan(0);
    await change();
    expect(codeOf(await asked)).toBe(code);
    await expect(decide(id)).rejects.toMatchObject({ code: 'approval_stale' });
    expect(text('a.txt')).toBe('one\n');
    if (code === 'outside_workspace') expect((await running).isError).toBe(true);
    else running.catch(() => {});
  });
});

describe('an answer counts once, for what it was given [CALL-4]', () => {
  it('two windows that say yes and no at the same moment: one of them is late, and what is done is what won', async () => {
    for (let round = 0; round < 6; round++) {
      const path = `race-${round}.txt`;
      const asked = call('write_file', { path, content: 'new' });
      const { id } = await host.waiting();
      const answers = await Promise.allSettled(
        (round % 2 === 0 ? ['allow', 'deny'] : ['deny', 'allow']).map((decision) => decide(id, { decision })),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const { isError } = await asked;
      const won = answers.find((one) => one.status === 'fulfilled')?.value.status;
      expect([won, text(path)]).toEqual(isError === true ? ['denied', undefined] : ['allowed', 'new']);
    }
  });

  it('a yes that is sent again does nothing again', async () => {
    const asked = call('write_file', { path: 'a.txt', content: 'two\n' });
    const { id } = await host.waiting();
    await decide(id);
    await asked;
    writeFileSync(at('a.txt'), 'mine again\n');
    for (const more of [{}, { scope: 'always' }, { decision: 'deny' }])
      await expect(decide(id, more)).rejects.toMatchObject({ code: 'approval_stale' });
    expect(text('a.txt')).toBe('mine again\n');
    expect(await host.api('grants.list')).toEqual([]);
  });

  it.each<[string, Record<string, unknown>]>([
    ['a question that is none', { id: 'p_aaaaaaaaaaaaaaaa' }],
    ['a question by a name of every object’s', { id: '__proto__' }],
    ['a time that is none', { scope: 'forever' }],
    ['a pattern that is another’s', { scope: 'always', pattern: 'no-such-pattern' }],
    [
      'a pattern that does not cover what is asked',
      { scope: 'always', pattern: { kind: 'write', paths: ['other/**'] } },
    ],
    ['a pattern of another kind', { scope: 'always', pattern: { kind: 'exec', argv: ['...'] } }],
    ['a field that nobody knows', { scope: 'once', everything: true }],
  ])('an answer to %s is refused, and the question stays', async (_name, more) => {
    const asked = call('write_file', { path: 'a.txt', content: 'new' });
    const { id } = await host.waiting();
    await expect(decide(id, more)).rejects.toThrow();
    expect((await host.waiting()).id).toBe(id);
    expect(text('a.txt')).toBe('one\n');
    expect(await host.api('grants.list')).toEqual([]);
    await decide(id, { decision: 'deny' });
    expect((await asked).isError).toBe(true);
  });

  it('a yes for one client is none for another that asks the same', async () => {
    const other = await box.connect(host, await box.addClient('Another'));
    const first = call('write_file', { path: 'a.txt', content: 'new' });
    const { id } = await host.waiting();
    const second = call('write_file', { path: 'a.txt', content: 'new' }, other);
    await expect.poll(async () => (await host.api('approvals.list', { status: 'waiting' })).length).toBe(2);
    await decide(id);
    expect((await first).isError).not.toBe(true);
    const waiting = await host.waiting();
    expect(waiting.clientName).toBe('Another');
    await decide(waiting.id, { decision: 'deny' });
    expect((await second).isError).toBe(true);
  });

  it('a client can neither see nor answer what waits, its own included', async () => {
    const token = await box.addClient('Self-server');
    const self = await box.connect(host, token);
    const asked = call('write_file', { path: 'a.txt', content: 'new' }, self);
    const { id } = await host.waiting();
    const response = await fetch(new URL('api/approvals.decide', host.ready.panel), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ id, decision: 'allow' }),
    });
    expect(response.status).toBe(401);
    const names = (await self.listTools()).tools.map(({ name }) => name);
    expect(names.filter((name) => /approv|decide|grant|rule|client|token/.test(name))).toEqual([]);
    await decide(id, { decision: 'deny' });
    expect((await asked).isError).toBe(true);
  });
});
