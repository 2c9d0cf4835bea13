import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HostEvent } from '../contract/events.ts';
import { type Host, Sandbox } from './host.ts';

let box: Sandbox;

beforeEach(() => {
  box = new Sandbox();
});
afterEach(() => box.close());

const file = (name: string) => join(box.workspace, name);

describe('a first session', () => {
  it('reads at once, waits for a person to write, is audited, and can be undone', async () => {
    writeFileSync(file('cart.ts'), 'export const total = 1;\n');
    const host = await box.serve();
    // By the command, beside the host, which knows the new client at once.
    const added = await box.run(['client', 'add', 'Claude Code', '--json']);
    const client = await box.connect(host, (JSON.parse(added.stdout) as { token: string }).token);

    const read = await client.callTool({ name: 'read_file', arguments: { path: 'cart.ts' } });
    expect(read.content).toEqual([{ type: 'text', text: 'export const total = 1;\n' }]);
    const found = await client.callTool({ name: 'search_files', arguments: { pattern: 'tot.l' } });
    expect(found.structuredContent).toMatchObject({ matches: 1 });

    const edit = client.callTool({
      name: 'edit_file',
      arguments: { path: 'cart.ts', edits: [{ old: '= 1', new: '= 2' }] },
    });
    const approval = await host.waiting();
    expect(approval).toMatchObject({
      title: 'Claude Code wants to change cart.ts in shop',
      tool: 'edit_file',
    });
    expect(approval.previews).toMatchObject([{ kind: 'diff', added: 1, removed: 1 }]);
    expect(readFileSync(file('cart.ts'), 'utf8')).toContain('= 1');
    await host.api('approvals.decide', { id: approval.id, decision: 'allow', planHash: approval.planHash });
    const edited = await edit;
    expect(edited.isError).toBeFalsy();
    expect(readFileSync(file('cart.ts'), 'utf8')).toBe('export const total = 2;\n');

    const callId = String(edited._meta?.['fastband/callId']);
    const undone = await box.run(['undo', callId, '--json']);
    expect(undone).toMatchObject({ code: 0 });
    expect(readFileSync(file('cart.ts'), 'utf8')).toBe('export const total = 1;\n');

    const { rows } = await host.api('audit.search', { callId });
    expect(rows.map((row) => row.type).toReversed()).toEqual([
      'approval.asked',
      'approval.settled',
      'call.started',
      'call.finished',
    ]);
    expect(await host.api('audit.verify')).toMatchObject({ ok: true, bad: null });
  });

  it('commits exactly what was staged, and runs exactly the command that was shown', async () => {
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', box.workspace, ...args], { encoding: 'utf8' });
    git('init', '-q', '-b', 'main');
    git('config', 'user.name', 'Ada');
    git('config', 'user.email', 'ada@example.org');
    writeFileSync(file('a.txt'), 'one\n');
    const host = await box.serve();
    const client = await box.connect(host, await box.addClient('Claude Code'));

    const staging = client.callTool({ name: 'git_stage', arguments: { paths: ['a.txt'] } });
    await host.allow();
    expect((await staging).structuredContent).toEqual({ staged: ['a.txt'] });
    const commit = client.callTool({ name: 'git_commit', arguments: { message: 'Add a' } });
    const approval = await host.waiting();
    expect(JSON.stringify(approval.previews)).toContain('+one');
    await host.allow();
    expect((await commit).isError).toBeFalsy();
    expect(git('log', '--format=%an %s')).toBe('Ada Add a\n');

    const run = client.callTool({
      name: 'run_command',
      arguments: { command: ['printf', '%s|', 'a b', '$HOME', '*'] },
    });
    const command = await host.waiting();
    expect(command.previews).toMatchObject([
      { kind: 'command', argv: ['printf', "'%s|'", "'a b'", "'$HOME'", "'*'"] },
    ]);
    await host.allow();
    expect((await run).structuredContent).toMatchObject({ exitCode: 0, stdout: 'a b|$HOME|*|' });
  });

  it('tells the panel what happens as it happens', async () => {
    const host = await box.serve();
    const client = await box.connect(host, await box.addClient('Claude Code'));
    const events: HostEvent['type'][] = [];
    const controller = new AbortController();
    const stream = await fetch(new URL('api/events', host.ready.panel), {
      headers: { authorization: `Bearer ${host.ready.panelToken}` },
      signal: controller.signal,
    });
    const reading = (async () => {
      for await (const chunk of stream.body ?? []) {
        for (const [, name] of Buffer.from(chunk)
          .toString()
          .matchAll(/^event: (.+)$/gm))
          events.push(name as HostEvent['type']);
      }
    })().catch(() => {});
    const write = client.callTool({ name: 'write_file', arguments: { path: 'new.txt', content: 'x' } });
    await host.allow();
    await write;
    await expect
      .poll(() => events)
      .toEqual(expect.arrayContaining(['approval.added', 'approval.settled', 'audit.row']));
    controller.abort();
    await reading;
  });
});

describe('what a person remembers', () => {
  it('for an hour answers the next call, for this client alone, until it is revoked [POL-3]', async () => {
    const host = await box.serve();
    const [one, two] = [
      await box.connect(host, await box.addClient('One')),
      await box.connect(host, await box.addClient('Two')),
    ];
    const write = (client: typeof one, path: string) =>
      client.callTool({ name: 'write_file', arguments: { path, content: path } });
    const first = write(one, 'src/a.txt');
    await host.allow({ scope: 'hour', pattern: 'folder' });
    await first;
    expect((await write(one, 'src/b.txt')).isError).toBeFalsy();
    const other = write(two, 'src/c.txt');
    await host.api('approvals.decide', {
      id: (await host.waiting()).id,
      decision: 'deny',
      reason: 'not you',
    });
    expect(await other).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('not you') }],
    });
    const grants = await host.api('grants.list');
    expect(grants.length).toBeGreaterThan(0);
    for (const grant of grants) await host.api('grants.revoke', { id: grant.id });
    const again = write(one, 'src/d.txt');
    await host.api('approvals.decide', { id: (await host.waiting()).id, decision: 'deny' });
    expect((await again).isError).toBe(true);
  });

  it('for this session is gone when Fastband starts again; always is not', async () => {
    let host = await box.serve();
    const token = await box.addClient('One');
    let client = await box.connect(host, token);
    for (const [path, scope] of [
      ['s.txt', 'session'],
      ['a.txt', 'always'],
    ]) {
      const call = client.callTool({ name: 'write_file', arguments: { path, content: '1' } });
      await host.allow({ scope });
      await call;
    }
    await host.stop('SIGTERM');
    host = await box.serve([]);
    client = await box.connect(host, token);
    expect((await host.api('grants.list')).map((grant) => grant.scope)).toEqual(['always']);
  });

  it('as a rule is made, explained, tested and removed on the command line', async () => {
    const host = await box.serve();
    const client = await box.connect(host, await box.addClient('One'));
    expect(await box.run(['rules', 'add', '--deny', 'read', '**/.env'])).toMatchObject({ code: 0 });
    expect(await box.run(['rules', 'add', '--allow', 'exec', '--', 'echo', 'hi'])).toMatchObject({ code: 0 });
    writeFileSync(file('.env'), 'KEY=1\n');
    expect(await client.callTool({ name: 'read_file', arguments: { path: '.env' } })).toMatchObject({
      isError: true,
      _meta: { 'fastband/code': 'denied_by_rule' },
    });
    expect(
      JSON.stringify(
        await client.callTool({ name: 'search_files', arguments: { pattern: 'KEY', hidden: true } }),
      ),
    ).not.toContain('KEY=1');
    expect(
      (await client.callTool({ name: 'run_command', arguments: { command: ['echo', 'hi'] } }))
        .structuredContent,
    ).toMatchObject({ stdout: 'hi\n' });
    const explained = await host.api('rules.explain', { tool: 'read_file', input: { path: '.env' } });
    expect(explained).toMatchObject({ decision: 'deny', effects: [{ reason: { by: 'rule' } }] });
    for (const rule of await host.api('rules.list'))
      expect(await box.run(['rules', 'remove', rule.id])).toMatchObject({ code: 0 });
    expect((await client.callTool({ name: 'read_file', arguments: { path: '.env' } })).isError).toBeFalsy();
  });
});

describe('what a person switches', () => {
  it('a tool off for one client is gone for it, and stays for another', async () => {
    const host = await box.serve();
    const [one, two] = [await box.addClient('One'), await box.addClient('Two')];
    const first = await box.connect(host, one);
    const second = await box.connect(host, two);
    const { id } = (await host.api('clients.list')).find((client) => client.name === 'One') ?? { id: '' };
    await expect(host.api('clients.update', { id, toolsOff: ['no_such_tool'] })).rejects.toMatchObject({
      code: 'not_found',
    });
    await host.api('clients.update', { id, toolsOff: ['write_file'] });
    const names = async (client: typeof first) => (await client.listTools()).tools.map((tool) => tool.name);
    expect([await names(first), await names(second)]).toEqual([
      expect.not.arrayContaining(['write_file']),
      expect.arrayContaining(['write_file']),
    ]);
    const write = { name: 'write_file', arguments: { path: 'x', content: 'x' } };
    expect(await first.callTool(write)).toMatchObject({ _meta: { 'fastband/code': 'tool_disabled' } });
    const waits = second.callTool(write);
    await host.allow();
    expect((await waits).isError).toBeFalsy();
    expect((await host.api('audit.search', { type: ['client.changed'] })).rows).toHaveLength(1);
  });

  it('how much one client may use of AI models, by command and panel, noted in the log', async () => {
    const host = await box.serve();
    await box.addClient('One');
    const limit = async (...args: string[]) => box.run(['client', 'limit', 'One', ...args]);
    expect((await limit()).stdout).toMatch(/^Tokens today: 0 of \S.* \(from the settings\)$/m);
    expect((await limit('--tokens', '5000')).stdout).toContain('Tokens today: 0 of 5000 (its own)');
    const one = async () => (await host.api('clients.list')).find(({ name }) => name === 'One');
    expect(await one()).toMatchObject({ dailyTokens: 5000 });
    expect(await one()).not.toHaveProperty('dailyCents');
    // The other stays as it is.
    await limit('--cents', '0');
    expect(await one()).toMatchObject({ dailyTokens: 5000, dailyCents: 0 });
    await limit('--tokens', 'general');
    expect(await one()).not.toHaveProperty('dailyTokens');
    expect((await limit('--tokens', '-1')).code).not.toBe(0);
    expect((await limit('--tokens', '1.5')).stderr).toContain('is no limit');
    const id = (await one())?.id ?? '';
    await expect(
      host.api('clients.setLimits', { id, dailyTokens: -1, dailyCents: null }),
    ).rejects.toMatchObject({ code: 'invalid_input' });
    const { rows } = await host.api('audit.search', { type: ['client.changed'] });
    expect(rows.map(({ summary }) => summary)).toContain(
      'Client One may use 5000 tokens and cents without a limit of AI models in a day.',
    );
  });

  it('a workspace to read only and back, and what waits is judged again', async () => {
    const host = await box.serve();
    const client = await box.connect(host, await box.addClient('One'));
    const write = { name: 'write_file', arguments: { path: 'x', content: 'x' } };
    await host.api('workspaces.update', { name: 'shop', readOnly: true });
    expect((await client.callTool(write)).isError).toBe(true);
    expect(await host.api('approvals.list', { status: 'waiting' })).toEqual([]);
    await host.api('workspaces.update', { name: 'shop', readOnly: false });
    const waits = client.callTool(write);
    await host.allow();
    expect((await waits).isError).toBeFalsy();
  });

  it('tries a tool through the same door: reads at once, asks before a change, leaves no grant [APP-10]', async () => {
    const host = await box.serve();
    writeFileSync(file('a.txt'), 'one\n');
    expect(await host.api('tools.try', { tool: 'read_file', input: { path: 'a.txt' } })).toMatchObject({
      text: 'one\n',
      cut: false,
    });
    const write = host.api('tools.try', { tool: 'write_file', input: { path: 'a.txt', content: 'two\n' } });
    const { id, title, scopes } = await host.waiting();
    expect([title, scopes]).toEqual(['Your trial wants to change a.txt in shop', ['once']]);
    await expect(
      host.api('approvals.decide', { id, decision: 'allow', scope: 'always' }),
    ).rejects.toMatchObject({ code: 'invalid_input' });
    await host.api('approvals.decide', { id, decision: 'allow', scope: 'once' });
    expect((await write).error).toBeUndefined();
    expect(readFileSync(file('a.txt'), 'utf8')).toBe('two\n');
    expect(
      await host.api('tools.try', { tool: 'read_file', input: { path: '../../etc/passwd' } }),
    ).toMatchObject({ error: { code: 'outside_workspace' } });
    await expect(host.api('clients.create', { name: 'Your Trial' })).rejects.toMatchObject({
      code: 'invalid_input',
    });
    const trial = host.api('tools.try', {
      tool: 'write_file',
      input: { path: 'b.txt', content: 'x' },
      task: 'trial-1',
    });
    await host.waiting();
    await host.api('tasks.cancel', { task: 'trial-1' });
    expect((await trial).error).toMatchObject({ code: 'cancelled' });
  });

  it('sees how folders and everything that Fastband stands on are', async () => {
    const host = await box.serve();
    mkdirSync(file('.fastband'));
    writeFileSync(file('.fastband/policy.yaml'), 'version: 1\nrules:\n  - effect: allow\n');
    expect(await host.api('workspaces.inspect')).toMatchObject([
      { name: 'shop', folder: 'ok', git: false, policy: { problem: expect.any(String) } },
    ]);
    const health = await host.api('health.get');
    expect(health.map(({ id }) => id)).toEqual(['database', 'keychain', 'port', 'disk']);
    expect(health.find(({ id }) => id === 'port')).toMatchObject({ state: 'ok' });
    await host.api('server.stop');
    expect((await host.api('health.get')).find(({ id }) => id === 'port')).toMatchObject({ state: 'warn' });
  });
});

/** Whether anything answers at an address. */
function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2000 });
    const end = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket
      .once('connect', () => end(true))
      .once('error', () => end(false))
      .once('timeout', () => end(false));
  });
}

describe('beside a running host', () => {
  it('nothing is reached at another address than 127.0.0.1 [ACC-1]', async () => {
    const host = await box.serve();
    const ports = [host.ready.mcp, host.ready.panel].map((url) => Number(new URL(url).port));
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .map(({ address, scopeid }) => (scopeid ? '' : address))
      .filter((address) => address !== '' && address !== '127.0.0.1');
    for (const port of ports) {
      expect(await answers('127.0.0.1', port)).toBe(true);
      for (const other of new Set([...others, '127.0.0.2', '::1']))
        expect([other, await answers(other, port)]).toEqual([other, false]);
    }
  });

  it('a client is added and revoked by the command line, at once [ACC-5]', async () => {
    const host = await box.serve();
    const client = await box.connect(host, await box.addClient('One'));
    const [known] = await host.api('clients.list');
    expect(await box.run(['client', 'revoke', 'One'])).toMatchObject({ code: 0 });
    await expect(client.listTools()).rejects.toThrow();
    expect(known?.name).toBe('One');
    const { rows } = await host.api('audit.search', { type: ['auth.failed'] });
    expect(rows.length).toBeGreaterThan(0);
  });

  it('a call that waits ends when its client is revoked [ACC-5]', async () => {
    const host = await box.serve();
    const client = await box.connect(host, await box.addClient('One'));
    const call = client
      .callTool({ name: 'write_file', arguments: { path: 'x', content: 'x' } })
      .catch(() => 'gone');
    await host.waiting();
    await box.run(['client', 'revoke', 'One']);
    const answer = await call;
    if (answer !== 'gone') expect(answer).toMatchObject({ isError: true });
    expect(await host.api('approvals.list', { status: 'waiting' })).toEqual([]);
    expect(existsSync(file('x'))).toBe(false);
  });

  it('a second host is refused', async () => {
    await box.serve();
    await expect(box.serve([])).rejects.toThrow(/Another Fastband runs/);
  });

  it('a busy port is named', async () => {
    const host = await box.serve();
    const other = new Sandbox();
    const port = new URL(host.ready.mcp).port;
    try {
      await expect(other.serve(['--port', port])).rejects.toThrow(port);
    } finally {
      await other.close();
    }
  });
});

describe('ending', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s denies what waits, ends what runs, and takes less than two seconds [CALL-7]',
    async (signal) => {
      const host = await box.serve();
      const token = await box.addClient('One');
      const client = await box.connect(host, token);
      await box.run(['rules', 'add', '--allow', 'exec', '--', 'sleep', '600']);
      const running = client.callTool({ name: 'run_command', arguments: { command: ['sleep', '600'] } });
      await expect.poll(async () => (await host.api('server.status')).activeCalls).toBe(1);
      const waits = client.callTool({ name: 'write_file', arguments: { path: 'x', content: 'x' } });
      await host.waiting();
      const { code, ms } = await host.stop(signal);
      expect(code).toBe(0);
      expect(ms).toBeLessThan(2000);
      for (const answer of await Promise.all([running, waits]))
        expect(answer).toMatchObject({ isError: true });
      expect(existsSync(file('x'))).toBe(false);
      const next = await box.serve([]);
      expect(await next.api('audit.verify')).toMatchObject({ ok: true });
      const { rows } = await next.api('audit.search', { type: ['server.stopped'] });
      expect(rows).toHaveLength(1);
    },
  );

  it('by kill -9 under load loses no row that was answered [LOG-4]', async () => {
    const host = await box.serve();
    writeFileSync(file('a.txt'), 'a');
    const client = await box.connect(host, await box.addClient('One'));
    await host.api('settings.update', { limits: { callsPerMinute: 0 } });
    const answered: string[] = [];
    let going = true;
    const load = Array.from({ length: 8 }, async () => {
      while (going) {
        const result = await client
          .callTool({ name: 'read_file', arguments: { path: 'a.txt' } })
          .catch(() => undefined);
        if (result === undefined) return;
        answered.push(String(result._meta?.['fastband/callId']));
      }
    });
    await expect.poll(() => answered.length, { timeout: 20_000 }).toBeGreaterThan(300);
    await host.kill();
    going = false;
    await Promise.all(load);
    const next = await box.serve([]);
    expect(await next.api('audit.verify')).toMatchObject({ ok: true });
    const exported = await box.run(['audit', 'export', '--format', 'jsonl']);
    const known = new Set(
      exported.stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => (JSON.parse(line) as { callId: string }).callId),
    );
    expect(answered.filter((id) => !known.has(id))).toEqual([]);
  });
});

describe('the panel’s token', () => {
  it('is in no file, and without it nothing is told [ACC-8]', async () => {
    const host: Host = await box.serve();
    const everything = (folder: string): string[] =>
      readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
        entry.isDirectory() ? everything(join(folder, entry.name)) : [join(folder, entry.name)],
      );
    for (const path of everything(box.home))
      expect(readFileSync(path).includes(host.ready.panelToken), path).toBe(false);
    const response = await fetch(new URL('api/server.status', host.ready.panel), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(response.status).toBe(401);
  });

  it('and everything else of the home folder is for this user alone [FS-9]', async () => {
    await box.serve();
    expect(statSync(box.home).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(box.home)) {
      const { mode } = statSync(join(box.home, name));
      expect([name, mode & 0o077]).toEqual([name, 0]);
    }
  });
});

describe('a project’s own policy', () => {
  it('tightens, never loosens, and when it cannot be read closes its workspace [POL-4]', async () => {
    mkdirSync(file('.fastband'));
    const policy = file('.fastband/policy.yaml');
    writeFileSync(
      policy,
      'version: 1\nrules:\n  - { effect: deny, match: { kind: read, paths: ["secret/**"] } }\n  - { effect: allow, match: { kind: write, paths: ["**"] } }\n',
    );
    mkdirSync(file('secret'));
    writeFileSync(file('secret/a'), 'x');
    const host = await box.serve();
    const client = await box.connect(host, await box.addClient('One'));
    expect(await client.callTool({ name: 'read_file', arguments: { path: 'secret/a' } })).toMatchObject({
      isError: true,
      _meta: { 'fastband/code': 'denied_by_rule' },
    });
    const write = client.callTool({ name: 'write_file', arguments: { path: 'b', content: 'b' } });
    await host.allow();
    expect((await write).isError).toBeFalsy();
    expect((await host.api('server.status')).problems.join()).toContain('"allow"');
    writeFileSync(policy, 'rules: [');
    await expect
      .poll(
        async () =>
          (await host.api('rules.explain', { tool: 'write_file', input: { path: 'c', content: '' } }))
            .decision,
      )
      .toBe('deny');
    expect(
      await client.callTool({
        name: 'write_file',
        arguments: { path: '.fastband/policy.yaml', content: '' },
      }),
    ).toMatchObject({ isError: true, _meta: { 'fastband/code': 'path_refused' } });
  });
});
