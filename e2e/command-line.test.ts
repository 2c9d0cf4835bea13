import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditRow } from '../contract/audit.ts';
import { BIN, type Ran, Sandbox } from './host.ts';

let box: Sandbox;

beforeEach(() => {
  box = new Sandbox();
});
afterEach(() => box.close());

const inFolder = (name: string) => join(box.folder, name);

async function ok(...args: string[]): Promise<string> {
  const ran = await box.run(args);
  expect(ran, args.join(' ')).toMatchObject({ code: 0, stderr: '' });
  return ran.stdout;
}

async function json<T>(...args: string[]): Promise<T> {
  return JSON.parse(await ok(...args, '--json')) as T;
}

function refusal(ran: Ran): { code: string; message: string } {
  expect(ran.stdout).toBe('');
  return (JSON.parse(ran.stderr) as { error: { code: string; message: string } }).error;
}

describe('the command itself', () => {
  /** Runs the command as if Node were of this version. */
  function runAs(version: string, bin: string, ...args: string[]) {
    const preload = inFolder('version.cjs');
    writeFileSync(preload, `Object.defineProperty(process, 'version', { value: '${version}' });`);
    return spawnSync(process.execPath, ['--require', preload, bin, ...args], { encoding: 'utf8' });
  }

  /** A copy of `bin` alone, as in a package or checkout that was never set up. */
  function copyOfBin(): string {
    mkdirSync(inFolder('copy/bin'), { recursive: true });
    for (const name of ['fastband', 'package.json']) {
      writeFileSync(inFolder(`copy/bin/${name}`), readFileSync(join(BIN, '..', name)));
    }
    return inFolder('copy/bin/fastband');
  }

  it.each(['v12.22.0', 'v20.20.2', 'v22.18.0'])(
    'says that Node %s is too old, before it would crash',
    (version) => {
      const ran = runAs(version, copyOfBin(), 'client', 'list');
      expect(ran.status).toBe(1);
      expect(ran.stderr).toMatch(/^fastband: This needs Node 22\.19 or newer, and .* is v/);
      expect(ran.stderr.trim().split('\n')).toHaveLength(1);
    },
  );

  it('says so in JSON too', () => {
    const ran = runAs('v20.20.2', copyOfBin(), 'client', 'list', '--json');
    expect(JSON.parse(ran.stderr)).toMatchObject({ error: { code: 'unsupported_node' } });
  });

  it('runs under the Node that was fetched where the system’s is too old, with arguments and exit code', () => {
    const bin = copyOfBin();
    const folder = inFolder(
      `copy/.node/node_modules/node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}/bin`,
    );
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'node'), '#!/bin/sh\nshift\necho "fetched: $*"\nexit 7\n');
    chmodSync(join(folder, 'node'), 0o755);
    const ran = runAs('v20.20.2', bin, 'rules', 'list', 'a b');
    expect(ran).toMatchObject({ status: 7, stdout: 'fetched: rules list a b\n' });
  });

  it('says what to do in a checkout that is not built', () => {
    const ran = runAs(process.version, copyOfBin(), 'doctor');
    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain('npm start');
  });

  it.each([
    ['--help'],
    ['--version'],
    ['serve', '--help'],
    ['rules', 'add', '--help'],
    ['audit', 'search', '--help'],
    ['help', 'client'],
  ])('explains itself on stdout: %s %s %s', (...args) => {
    const ran = spawnSync(process.execPath, [BIN, ...args], { encoding: 'utf8' });
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(ran.stdout.length).toBeGreaterThan(4);
  });

  it.each([
    ['no command', []],
    ['no such command', ['nope']],
    ['no such subcommand', ['client', 'nope']],
    ['no such option', ['client', 'list', '--nope']],
    ['an argument is missing', ['client', 'add']],
    ['an argument too many', ['doctor', 'now']],
    ['a port that is none', ['serve', '--port', '70000']],
    ['a port that is no number', ['serve', '--port', '0x50']],
    ['an export format that is none', ['audit', 'export', '--format', 'xml']],
    ['a kind of effect that is none', ['rules', 'add', '--allow', 'burn', 'x']],
    ['a rule that says nothing', ['rules', 'add', 'write', 'x']],
    ['a time that is none', ['audit', 'search', '--since', 'yesterday-ish']],
    ['a tool input that is no JSON', ['rules', 'explain', 'read_file', '{path']],
    ['a setting that is none', ['config', 'set', 'server.prot', '1']],
    ['a setting out of bounds', ['config', 'set', 'server.port', '70000']],
  ])('ends with 2 when it is called wrongly: %s', (_name, args) => {
    const ran = spawnSync(process.execPath, [BIN, ...args], {
      encoding: 'utf8',
      env: { ...process.env, FASTBAND_HOME: box.home },
    });
    expect(ran.status).toBe(2);
    expect(ran.stdout).toBe('');
    expect(ran.stderr).not.toContain('    at ');
  });

  it('takes its home from FASTBAND_HOME, and --home wins', () => {
    const run = (...args: string[]) =>
      spawnSync(process.execPath, [BIN, 'workspace', 'list', ...args], {
        env: { ...process.env, FASTBAND_HOME: inFolder('by-variable') },
      });
    run();
    expect(existsSync(inFolder('by-variable/fastband.db'))).toBe(true);
    run('--home', inFolder('by-option'));
    expect(existsSync(inFolder('by-option/fastband.db'))).toBe(true);
  });
});

describe('clients', () => {
  it('shows the token once, with lines that can be pasted, and stores it nowhere [ACC-4]', async () => {
    const text = await ok('client', 'add', 'Claude Code');
    const token = /\bfb_[\w-]{43}\b/.exec(text)?.[0] ?? '';
    expect(text).toContain(
      `claude mcp add --transport http fastband http://127.0.0.1:7850/mcp --header "Authorization: Bearer ${token}"`,
    );
    const bridge = JSON.parse(text.slice(text.indexOf('  {'), text.lastIndexOf('}') + 1)) as {
      mcpServers: { fastband: { command: string; args: string[]; env: Record<string, string> } };
    };
    const { command, args, env } = bridge.mcpServers.fastband;
    expect([command, ...args]).toEqual([process.execPath, BIN, 'stdio', '--home', box.home]);
    expect(env).toEqual({ FASTBAND_TOKEN: token });
    expect(token).not.toBe('');
    for (const name of readdirSync(box.home)) {
      expect(readFileSync(join(box.home, name)).includes(token), name).toBe(false);
    }
  });

  it('names the running host’s address', async () => {
    const host = await box.serve();
    expect(await ok('client', 'add', 'Cursor')).toContain(host.ready.mcp);
  });

  it('refuses a name twice, and takes it again once revoked', async () => {
    await ok('client', 'add', 'Cursor');
    const again = await box.run(['client', 'add', 'Cursor', '--json']);
    expect(again.code).toBe(1);
    expect(refusal(again).code).toBe('conflict');
    await ok('client', 'revoke', 'Cursor');
    await ok('client', 'add', 'Cursor');
    const clients = await json<{ name: string; revokedAt?: number }[]>('client', 'list');
    expect(clients.filter((one) => one.revokedAt === undefined)).toHaveLength(1);
  });
});

describe('workspaces', () => {
  it('are added, listed and removed; files stay', async () => {
    writeFileSync(join(box.workspace, 'a.txt'), 'a');
    expect(await json('workspace', 'add', box.workspace, '--read-only')).toMatchObject({
      name: 'shop',
      root: box.workspace,
      readOnly: true,
    });
    expect(await ok('workspace', 'list')).toMatch(/shop\s+read only\s+/);
    await ok('workspace', 'remove', 'shop');
    expect(await json('workspace', 'list')).toEqual([]);
    expect(existsSync(join(box.workspace, 'a.txt'))).toBe(true);
  });

  it('which serve is given are kept, once, under names of their own', async () => {
    mkdirSync(inFolder('other/shop'), { recursive: true });
    const args = ['--workspace', box.workspace, '--workspace', inFolder('other/shop')];
    await (await box.serve(args)).stop('SIGTERM');
    await (await box.serve(args)).stop('SIGTERM');
    const workspaces = await json<{ name: string }[]>('workspace', 'list');
    expect(workspaces.map((one) => one.name).sort()).toEqual(['shop', 'shop-2']);
  });

  it('that do not exist stop serve with a sentence', async () => {
    const ran = await box.run([
      'serve',
      '--port',
      '0',
      '--panel-port',
      '0',
      '--workspace',
      inFolder('nowhere'),
      '--json',
    ]);
    expect(ran.code).toBe(1);
    expect(refusal(ran)).toMatchObject({ code: 'not_found' });
    expect(existsSync(join(box.home, 'host.json'))).toBe(false);
  });
});

describe('rules as files', () => {
  it('go out as YAML and come back the same; coming back twice adds nothing', async () => {
    await ok('rules', 'add', '--allow', 'write', 'src/**', '--workspace', 'shop', '--note', 'no: #1');
    await ok('rules', 'add', '--deny', 'exec', '--client', 'Cursor', '--', 'git', 'push', '...');
    const file = inFolder('policy.yaml');
    await box.run(['rules', 'export', file]);
    const before = await json<{ id: string }[]>('rules', 'list');
    expect(await json('rules', 'import', file)).toEqual({ added: [], removed: [] });
    for (const { id } of before) await ok('rules', 'remove', id);
    await ok('rules', 'import', file);
    const plain = (rules: object[]) => rules.map((rule) => ({ ...rule, id: '', createdAt: 0 }));
    expect(plain(await json('rules', 'list'))).toEqual(plain(before));
  });

  it('--replace removes what the file does not say', async () => {
    await ok('rules', 'add', '--allow', 'write', 'old/**');
    const ran = await box.run(['rules', 'import', '-', '--replace', '--json'], {
      stdin: 'version: 1\nrules:\n  - effect: deny\n    match: { kind: read, paths: ["**/.env"] }\n',
    });
    expect(JSON.parse(ran.stdout)).toMatchObject({
      added: [{ effect: 'deny' }],
      removed: [{ match: { paths: ['old/**'] } }],
    });
  });

  it('one bad rule keeps the whole file out', async () => {
    writeFileSync(
      inFolder('bad.yaml'),
      'version: 1\nrules:\n  - effect: allow\n    match: { kind: write, paths: [a] }\n  - effect: allow\n    match: { kind: write, path: [b] }\n',
    );
    const ran = await box.run(['rules', 'import', inFolder('bad.yaml')]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/bad\.yaml is no valid policy: line 6/);
    expect(await json('rules', 'list')).toEqual([]);
  });

  it('are tested by their own examples, and one that fails ends with 1', async () => {
    const policy = (expected: string) => `version: 1
rules:
  - effect: deny
    match: { kind: read, paths: ['**/.env'] }
examples:
  - name: secrets stay
    effect: { kind: read, workspace: shop, path: api/.env }
    expect: ${expected}
`;
    writeFileSync(inFolder('good.yaml'), policy('deny'));
    writeFileSync(inFolder('wrong.yaml'), policy('allow'));
    expect(await ok('rules', 'test', inFolder('good.yaml'))).toMatch(
      /pass\s+secrets stay: deny[\s\S]*1 passed, 0 failed/,
    );
    const ran = await box.run(['rules', 'test', inFolder('wrong.yaml'), '--json']);
    expect(ran.code).toBe(1);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      passed: 0,
      failed: 1,
      examples: [{ passed: false, decision: 'deny' }],
    });
  });
});

describe('settings', () => {
  it('are changed one by one, written out, and taken over whole', async () => {
    await ok('config', 'set', 'commands.env', 'EDITOR, LANG');
    await ok('config', 'set', 'redaction.toolOutput', 'true');
    expect(await ok('config', 'get', 'commands.env')).toBe('EDITOR,LANG\n');
    await box.run(['config', 'export', inFolder('settings.json')]);
    expect(statSync(inFolder('settings.json')).mode & 0o777).toBe(0o600);
    await ok('config', 'set', 'server.port', '7999');
    await ok('config', 'import', inFolder('settings.json'));
    expect(await json('config', 'get')).toMatchObject({
      server: { port: 7850 },
      redaction: { toolOutput: true },
    });
  });

  it('say in the log which fields changed, and no others', async () => {
    await box.run(['config', 'import', '-'], { stdin: '{"server":{"port":7999,"panelPort":7851}}' });
    const { rows } = await json<{ rows: AuditRow[] }>('audit', 'search', '--type', 'settings.changed');
    expect(rows.map((row) => row.summary)).toEqual(['Settings changed: server.port.']);
  });

  it.each([
    ['no JSON', 'port: 1'],
    ['unknown keys', '{"server":{"prot":1}}'],
    ['values that do not fit', '{"server":{"port":-1}}'],
  ])('with %s are refused, and nothing changes', async (_name, stdin) => {
    expect((await box.run(['config', 'import', '-'], { stdin })).code).toBe(2);
    expect(await ok('config', 'get', 'server.port')).toBe('7850\n');
  });
});

describe('backups', () => {
  const PASSPHRASE = 'correct horse battery';
  const made = async (args: readonly string[], stdin: string) => {
    const ran = await box.run(['backup', 'create', ...args, '--json'], { stdin });
    expect(ran).toMatchObject({ code: 0 });
    return (JSON.parse(ran.stdout) as { file: string }).file;
  };

  it('are encrypted, checked and brought back; without a passphrase only when that is said [BAK-2]', async () => {
    await box.addClient('Claude Code');
    const file = await made([], PASSPHRASE);
    expect(readFileSync(file, 'latin1')).toMatch(/^age-encryption\.org/);
    expect(readFileSync(file, 'latin1')).not.toContain('Claude Code');
    expect(await box.run(['backup', 'create'], { stdin: 'too short' })).toMatchObject({ code: 2 });
    expect(await box.run(['backup', 'verify', file], { stdin: 'another passphrase' })).toMatchObject({
      code: 1,
    });
    expect(await box.run(['backup', 'verify', file], { stdin: PASSPHRASE })).toMatchObject({ code: 0 });
    expect(readFileSync(await made(['--no-encryption'], ''), 'latin1')).toMatch(/^fastband-backup /);

    await box.run(['client', 'add', 'Later']);
    expect(await box.run(['backup', 'restore', file], { stdin: PASSPHRASE })).toMatchObject({ code: 0 });
    const clients = JSON.parse((await box.run(['client', 'list', '--json'])).stdout) as { name: string }[];
    expect(clients.map(({ name }) => name)).toEqual(['Claude Code']);
    expect(await box.run(['audit', 'verify'])).toMatchObject({ code: 0 });
  });

  it('not encrypted, and so perhaps changed with every hash made anew, are taken only on the person’s word [BAK-3]', async () => {
    await box.addClient('Claude Code');
    const file = await made(['--no-encryption'], '');
    await box.addClient('Later');
    const refused = await box.run(['backup', 'restore', file]);
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/not encrypted.*--unencrypted/s),
    });
    expect(await ok('client', 'list')).toContain('Later');
    const verified = await box.run(['backup', 'verify', file]);
    expect(verified).toMatchObject({ code: 0, stderr: expect.stringMatching(/nothing shows whether/) });
  });

  it('killed half-way through being brought back: the home is as it was, and the next time leaves nothing behind [BAK-4]', async () => {
    await box.addClient('Claude Code');
    const file = await made(['--no-encryption'], '');
    await box.addClient('Later');
    const names = async () =>
      (JSON.parse((await box.run(['client', 'list', '--json'])).stdout) as { name: string }[]).map(
        ({ name }) => name,
      );
    const copies = () => readdirSync(box.folder).filter((name) => name.startsWith('.home.restore-'));
    for (let i = 0; i < 20 && copies().length === 0; i++) {
      const child = spawn(process.execPath, [
        BIN,
        'backup',
        'restore',
        file,
        '--unencrypted',
        '--home',
        box.home,
      ]);
      const ended = once(child, 'exit');
      while (copies().length === 0 && child.exitCode === null) await new Promise(setImmediate);
      child.kill('SIGKILL');
      await ended;
      if (!(await names()).includes('Later')) throw new Error('the restore was faster than the kill');
    }
    expect(copies()).toHaveLength(1);
    expect(await names()).toEqual(['Claude Code', 'Later']);
    expect(await box.run(['backup', 'restore', file, '--unencrypted'])).toMatchObject({ code: 0 });
    expect(copies()).toEqual([]);
    expect(await names()).toEqual(['Claude Code']);
  });
});

describe('the log', () => {
  it('is searched, followed back, exported and verified', async () => {
    for (const name of ['Ada', 'Grace', 'Edsger']) await ok('client', 'add', name);
    const page = await json<{ rows: AuditRow[]; next: number }>(
      'audit',
      'search',
      '--type',
      'client.added',
      '--limit',
      '2',
    );
    expect(page.rows.map((row) => row.summary)).toEqual([
      'Client Edsger was added.',
      'Client Grace was added.',
    ]);
    const rest = await json<{ rows: AuditRow[]; next: null }>(
      'audit',
      'search',
      '--cursor',
      String(page.next),
    );
    expect(rest.rows.map((row) => row.summary)).toEqual(['Client Ada was added.']);
    expect((await ok('audit', 'tail', '-n', '2')).match(/Client \w+/g)).toEqual([
      'Client Grace',
      'Client Edsger',
    ]);
    expect((await ok('audit', 'export')).trim().split('\n')).toHaveLength(3);
    expect(await json('audit', 'verify')).toMatchObject({ ok: true, rows: 3 });
  });

  it('goes to a new file alone: one that exists is not written over', async () => {
    await ok('client', 'add', 'Ada');
    const file = inFolder('audit.csv');
    await ok('audit', 'export', '--format', 'csv', '--output', file);
    expect(readFileSync(file, 'utf8')).toContain('Client Ada was added.');
    const again = await box.run(['audit', 'export', '--output', file, '--json']);
    expect(again.code).toBe(1);
    expect(refusal(again).code).toBe('conflict');
  });

  it('shows text that would play with the terminal as what it is [UI-3]', async () => {
    await ok('rules', 'add', '--deny', 'read', 'a\u001b(0b\u202E', '--note', 'c\u001b[2Jd');
    for (const args of [
      ['audit', 'tail'],
      ['rules', 'list'],
    ]) {
      const text = await ok(...args);
      expect(text).toContain('a⟦ESC⟧(0b⟦RLO⟧');
      expect(text).not.toContain('\u001b');
    }
  });

  it('whose row was changed behind its back ends verify and doctor with 1, naming the row [LOG-3]', async () => {
    for (const name of ['Ada', 'Grace']) await ok('client', 'add', name);
    const db = new DatabaseSync(join(box.home, 'fastband.db'));
    for (const { name } of db
      .prepare("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'")
      .all()) {
      db.exec(`DROP TRIGGER "${String(name)}"`);
    }
    db.exec("UPDATE audit SET summary = 'Nothing happened.' WHERE seq = 1");
    db.close();
    const ran = await box.run(['audit', 'verify', '--json']);
    expect(ran.code).toBe(1);
    expect(JSON.parse(ran.stdout)).toMatchObject({ ok: false, bad: { seq: 1 } });
    const doctor = await box.run(['doctor']);
    expect(doctor.code).toBe(1);
    expect(doctor.stdout).toMatch(/fail\s+audit\s+Row 1 /);
  });
});

describe('tools', () => {
  it('are switched for everybody; one wrong name switches none', async () => {
    const ran = await box.run(['tools', 'disable', 'run_command', 'no_such_tool']);
    expect(ran.code).toBe(1);
    const off = async () =>
      (await json<{ name: string; enabled: boolean }[]>('tools', 'list'))
        .filter((one) => !one.enabled)
        .map((one) => one.name);
    expect(await off()).toEqual([]);
    await ok('tools', 'disable', 'run_command');
    expect(await off()).toEqual(['run_command']);
    await ok('tools', 'enable', 'run_command');
    expect(await off()).toEqual([]);
  });
});

describe('doctor', () => {
  interface Finding {
    readonly state: string;
    readonly name: string;
    readonly text: string;
  }
  const examine = async () => {
    const ran = await box.run(['doctor', '--json']);
    return { code: ran.code, findings: JSON.parse(ran.stdout) as Finding[] };
  };
  const of = (findings: Finding[], name: string) => findings.filter((one) => one.name === name);

  it('finds nothing wrong before the first start, and makes nothing', async () => {
    expect((await examine()).code).toBe(0);
    expect(existsSync(box.home)).toBe(false);
  });

  it('finds the running host, without a failed login in the log', async () => {
    const host = await box.serve();
    const { code, findings } = await examine();
    expect(code).toBe(0);
    expect(of(findings, 'host')[0]?.text).toContain(host.ready.mcp);
    const { rows } = await json<{ rows: AuditRow[] }>('audit', 'search', '--type', 'auth.failed');
    expect(rows).toEqual([]);
  });

  it('warns of a port that another program has', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await ok('config', 'set', 'server.port', String(port));
    const { code, findings } = await examine();
    server.close();
    expect(code).toBe(0);
    expect(of(findings, 'port')[0]).toMatchObject({
      state: 'warn',
      text: expect.stringContaining(String(port)),
    });
  });

  it.each<[string, string, (home: string) => void]>([
    ['home', 'a home that others may read', (home) => chmodSync(home, 0o755)],
    [
      'settings',
      'settings that cannot be read',
      (home) => writeFileSync(join(home, 'settings.json'), '{oops'),
    ],
    [
      'database',
      'a database that is none',
      (home) => writeFileSync(join(home, 'fastband.db'), 'x'.repeat(8192)),
    ],
    ['host', 'a damaged host.json', (home) => writeFileSync(join(home, 'host.json'), '{')],
  ])('fails on what is wrong and says what to do: %s', async (name, _what, damage) => {
    await ok('client', 'add', 'Ada');
    for (const suffix of ['-wal', '-shm'])
      expect(existsSync(join(box.home, `fastband.db${suffix}`))).toBe(false);
    damage(box.home);
    const { code, findings } = await examine();
    expect(code).toBe(1);
    expect(of(findings, name)[0]?.state).toBe('fail');
    expect(of(findings, name)[0]?.text.length).toBeGreaterThan(20);
  });
});
