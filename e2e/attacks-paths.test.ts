import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Host, Sandbox } from './host.ts';

/** In everything that lies outside, and nowhere inside: where it shows, something got out. */
const CANARY = `canary${randomBytes(8).toString('hex')}`;
/** A PNG of one pixel; what follows its end no reader minds. */
const PNG = Buffer.concat([
  Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
    'base64',
  ),
  Buffer.from(CANARY),
]);
/** A path is judged before anything is done: an answer that takes longer waits for something. */
const ANSWER_MS = 20_000;
const AT_ONCE = 6;
const RACE_MS = 2000;
/**
 * Puts a link to a folder outside in a folder's place and takes it back, until it is ended. Whatever the host made there
 * meanwhile goes: it is the swaps that matter.
 */
const RACER = `
const { renameSync, rmSync, symlinkSync } = require('node:fs');
const [folder, aside, out, dwell] = process.argv.slice(1);
const clear = () => rmSync(folder, { recursive: true, force: true });
const put = (how) => { for (;;) try { return how(); } catch { clear(); } };
const rest = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.random() * dwell);
process.stdout.write('x');
for (;;) {
  renameSync(folder, aside);
  put(() => symlinkSync(out, folder));
  rest();
  clear();
  put(() => renameSync(aside, folder));
  rest();
}`;

let box: Sandbox;
let host: Host;
let client: Client;
let models: Server;
let asked = 0;

const outside = (...names: string[]) => join(box.folder, 'outside', ...names);
const inside = (...names: string[]) => join(box.workspace, ...names);

function git(...args: string[]): void {
  execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...args], {
    cwd: box.workspace,
    stdio: 'ignore',
  });
}

beforeAll(async () => {
  models = createServer((request, response) => {
    asked++;
    request.resume();
    response.writeHead(500).end();
  });
  await new Promise<void>((resolve) => models.listen(0, '127.0.0.1', resolve));
  box = new Sandbox();
  for (const folder of [outside(), join(box.folder, 'shop-secret')]) {
    mkdirSync(folder);
    writeFileSync(join(folder, 'canary.txt'), `${CANARY}\n`);
    writeFileSync(join(folder, 'index.html'), `<h1>${CANARY}</h1>`);
    writeFileSync(join(folder, 'a.png'), PNG);
    const database = new DatabaseSync(join(folder, 'a.db'));
    database.exec(`CREATE TABLE t (c TEXT); INSERT INTO t VALUES ('${CANARY}')`);
    database.close();
  }
  writeFileSync(inside('a.txt'), 'one\n');
  writeFileSync(inside('index.html'), '<h1>shop</h1>');
  writeFileSync(inside('a.png'), PNG.subarray(0, PNG.length - CANARY.length));
  mkdirSync(inside('d'));
  writeFileSync(inside('d', 'b.txt'), 'two\n');
  const database = new DatabaseSync(inside('a.db'));
  database.exec("CREATE TABLE t (c TEXT); INSERT INTO t VALUES ('mine')");
  database.close();
  git('init', '-b', 'main');
  git('add', '.');
  git('commit', '-m', 'A shop');
  writeFileSync(inside('a.txt'), 'one more\n');
  host = await box.serve(undefined, {
    ANTHROPIC_API_KEY: 'sk-ant-of-a-test',
    DBUS_SESSION_BUS_ADDRESS: 'unix:path=/none',
  });
  await host.api('settings.update', {
    limits: { callsPerMinute: 0 },
    approvals: { timeoutSeconds: 1 },
    providers: { anthropicUrl: `http://127.0.0.1:${(models.address() as AddressInfo).port}` },
    web: { allowedHosts: ['127.0.0.1:*'] },
  });
  // Nobody is asked: what stands between a path and what it names is the guard alone.
  for (const match of [
    { kind: 'write', paths: ['**'] },
    { kind: 'exec', argv: ['cat', '...'] },
    { kind: 'query', databases: ['**'], access: 'read' },
    { kind: 'secret', providers: ['anthropic'] },
    { kind: 'net', hosts: ['127.0.0.1'] },
  ])
    await host.api('rules.add', { effect: 'allow', match });
  client = await box.connect(host, await box.addClient('Attacker'));
});
afterAll(async () => {
  await box?.close();
  models?.closeAllConnections();
  models?.close();
});

/** Links and files that are none, anew for each tool: some of them are moved and deleted. */
beforeEach(() => {
  const make = (name: string, how: (path: string) => void) => {
    rmSync(inside(name), { force: true, recursive: true });
    how(inside(name));
  };
  make('to-file', (path) => symlinkSync(outside('canary.txt'), path));
  make('to-folder', (path) => symlinkSync('../outside', path));
  make('to-twin', (path) => symlinkSync('../shop-secret', path));
  make('to-home', (path) => symlinkSync(box.home, path));
  make('to-nothing', (path) => symlinkSync('../outside/new.txt', path));
  make('to-link', (path) => symlinkSync('to-folder', path));
  make('to-process', (path) => symlinkSync('/proc/self', path));
  make('to-itself', (path) => symlinkSync('to-itself', path));
  make('d/up', (path) => symlinkSync('../../outside', path));
  make('pipe', (path) => execFileSync('mkfifo', [path]));
  make('hard', (path) => linkSync(join(box.home, 'settings.json'), path));
  rmSync(outside('new.txt'), { force: true });
});

/** What leads out, whoever takes it for a path. `O` is the folder outside, `H` Fastband's own. */
const PATHS: readonly string[] = [
  '../outside/canary.txt',
  '../outside',
  '..',
  './../outside/index.html',
  'd/../../outside/a.png',
  'a.txt/../../outside/canary.txt',
  'nothing/../../outside/a.db',
  '../shop-secret/canary.txt',
  '../shop/../shop-secret/a.db',
  'shop/../../outside/canary.txt',
  '..\\outside\\canary.txt',
  'd\\..\\..\\outside\\canary.txt',
  '%2e%2e/outside/canary.txt',
  '%252e%252e/outside/canary.txt',
  '..%2foutside%2fcanary.txt',
  '\u002e\u002e\u2215outside\u2215canary.txt',
  '\uff0e\uff0e/outside/canary.txt',
  '.\u200b./outside/canary.txt',
  '../outside/canary.txt\0.txt',
  'a.txt\n../outside/canary.txt',
  '\ud800../outside/canary.txt',
  'O/canary.txt',
  'O/index.html',
  'O/a.png',
  'O/a.db',
  '/O/canary.txt',
  'file://O/canary.txt',
  'file:../outside/a.db?mode=rw',
  '~/canary.txt',
  '$HOME/canary.txt',
  'H/settings.json',
  'H/fastband.db',
  'to-file',
  'to-folder',
  'to-folder/canary.txt',
  'to-folder/index.html',
  'to-folder/a.png',
  'to-folder/a.db',
  'to-folder/new.txt',
  'to-link/canary.txt',
  'to-twin/canary.txt',
  'd/up/canary.txt',
  'd/up/../outside/canary.txt',
  'to-nothing',
  'to-home/settings.json',
  'to-home/fastband.db',
  'to-process/environ',
  'to-process/root',
  'to-itself',
  'hard',
  'pipe',
  '/proc/self/environ',
  '/proc/self/cwd/../outside/canary.txt',
  '/proc/1/root/etc/hostname',
  '/dev/fd/0',
  '/dev/stdin',
  '/dev/zero',
  'C:\\outside\\canary.txt',
  '\\\\?\\C:\\outside',
  '//127.0.0.1/outside/canary.txt',
  ':(top)../outside/canary.txt',
  '--no-index',
  '--output=O/new.txt',
  '-OO/new.txt',
  `${'../'.repeat(60)}O/canary.txt`,
  `${'d/'.repeat(3000)}a.txt`,
];

/** What leads out of a search. */
const GLOBS: readonly string[] = [
  '../**',
  '/**',
  '**/../../outside/**',
  '{..,x}/outside/*',
  '[.][.]/outside/*',
  '../outside/canary.txt',
  'to-folder/**',
  'to-home/**',
  'd/up/*',
  'O/**',
  'H/**',
  '!a.txt',
  '--follow',
  '--pre=cat',
  '-L',
];

type Arguments = Record<string, unknown>;

/** Each parameter that is a path, a pattern of paths or a revision, with what else its tool needs. */
const PARAMETERS: readonly (readonly [tool: string, parameter: string, how: (value: string) => Arguments])[] =
  [
    ['read_file', 'path', (path) => ({ path })],
    ['read_many_files', 'paths[]', (path) => ({ paths: ['a.txt', path] })],
    ['write_file', 'path', (path) => ({ path, content: 'x' })],
    ['edit_file', 'path', (path) => ({ path, edits: [{ old: 'canary', new: 'x' }] })],
    ['list_directory', 'path', (path) => ({ path })],
    ['find_files', 'path', (path) => ({ path, pattern: '**' })],
    ['find_files', 'pattern', (pattern) => ({ pattern })],
    ['search_files', 'path', (path) => ({ path, pattern: 'canary|port' })],
    ['search_files', 'glob', (glob) => ({ glob, pattern: 'canary|port' })],
    ['file_info', 'path', (path) => ({ path })],
    ['move_path', 'from', (from) => ({ from, to: 'moved' })],
    ['move_path', 'to', (to) => ({ from: 'a.txt', to })],
    ['delete_path', 'path', (path) => ({ path })],
    ['create_directory', 'path', (path) => ({ path })],
    ['git_status', 'path', (path) => ({ path })],
    ['git_diff', 'path', (path) => ({ path })],
    ['git_diff', 'from', (from) => ({ from })],
    ['git_diff', 'to', (to) => ({ from: 'HEAD', to })],
    ['git_diff', 'paths[]', (path) => ({ paths: [path] })],
    ['git_log', 'path', (path) => ({ path })],
    ['git_log', 'revision', (revision) => ({ revision })],
    ['git_log', 'file', (file) => ({ file })],
    ['git_show', 'path', (path) => ({ path, revision: 'HEAD' })],
    ['git_show', 'revision', (revision) => ({ revision })],
    ['git_show', 'file', (file) => ({ revision: 'HEAD', file })],
    ['git_branches', 'path', (path) => ({ path })],
    ['git_create_branch', 'path', (path) => ({ path, name: 'new' })],
    ['git_create_branch', 'name', (name) => ({ name })],
    ['git_create_branch', 'from', (from) => ({ name: 'newer', from })],
    ['git_switch', 'path', (path) => ({ path, branch: 'main' })],
    ['git_switch', 'branch', (branch) => ({ branch })],
    ['git_stage', 'path', (path) => ({ path, paths: ['a.txt'] })],
    ['git_stage', 'paths[]', (path) => ({ paths: [path] })],
    ['git_commit', 'path', (path) => ({ path, message: 'x' })],
    ['git_restore', 'path', (path) => ({ path, paths: ['d/b.txt'] })],
    ['git_restore', 'paths[]', (path) => ({ paths: [path] })],
    ['run_command', 'cwd', (cwd) => ({ command: ['cat', 'canary.txt'], cwd })],
    ['screenshot', 'path', (path) => ({ path })],
    ['page_snapshot', 'path', (path) => ({ path })],
    ['page_console', 'path', (path) => ({ path })],
    ['query_page', 'path', (path) => ({ path, selector: 'h1' })],
    ['use_page', 'path', (path) => ({ path, steps: [{ do: 'hover', on: 'h1' }] })],
    ['compare_screenshots', 'before', (before) => ({ before, after: 'a.png' })],
    ['compare_screenshots', 'after', (after) => ({ before: 'a.png', after })],
    ['page_pdf', 'path', (path) => ({ path, to: 'page.pdf' })],
    ['page_pdf', 'to', (to) => ({ path: 'index.html', to: `${to}.pdf` })],
    ['describe_database', 'database', (database) => ({ database })],
    ['query_database', 'database', (database) => ({ database, sql: 'SELECT * FROM t' })],
    ['explain_query', 'database', (database) => ({ database, sql: 'SELECT * FROM t' })],
    ['sample_table', 'database', (database) => ({ database, table: 't' })],
    [
      'ask_model',
      'images[]',
      (image) => ({ prompt: 'What is this?', provider: 'anthropic', images: [image] }),
    ],
    ['analyze_image', 'image', (image) => ({ image, mode: 'general', provider: 'anthropic' })],
  ];

/** Texts that no tool takes for a place. What is asked of a database or a page has suites of its own. */
const NO_PATHS: Readonly<Record<string, readonly string[]>> = {
  write_file: ['content'],
  edit_file: ['edits[].old', 'edits[].new'],
  search_files: ['pattern'],
  git_commit: ['message'],
  run_command: ['command[]', 'stdin'],
  fetch_url: ['url'],
  http_request: ['url', 'headers.*', 'body'],
  screenshot: ['url', 'session', 'wait', 'device', 'element', 'mask[]'],
  page_snapshot: ['url', 'session', 'wait', 'element'],
  page_console: ['url', 'session', 'wait'],
  query_page: ['url', 'session', 'wait', 'selector'],
  use_page: ['url', 'session', 'wait', 'device', 'steps[].on', 'steps[].value'],
  page_pdf: ['url', 'session', 'wait', 'paper'],
  describe_database: ['table'],
  query_database: ['sql', 'params[]'],
  explain_query: ['sql', 'params[]'],
  sample_table: ['table'],
  ask_model: ['prompt', 'system', 'model'],
  analyze_image: ['question', 'requirements[]', 'model'],
};

interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
}

/** The free texts in what a tool takes: `path`, `edits[].old`. */
function texts(schema: Schema, name = ''): string[] {
  const { anyOf = [], items, properties = {}, additionalProperties } = schema;
  return [
    ...(schema.type === 'string' && schema.enum === undefined ? [name] : []),
    ...anyOf.flatMap((one) => texts(one, name)),
    ...(items === undefined ? [] : texts(items, `${name}[]`)),
    ...Object.entries(properties).flatMap(([key, one]) => texts(one, name === '' ? key : `${name}.${key}`)),
    ...(typeof additionalProperties === 'object' ? texts(additionalProperties, `${name}.*`) : []),
  ];
}

/** Names and contents of what must not change. What Fastband keeps for itself does: what it keeps for undo, its log. */
function around(): Record<string, string> {
  const files = [outside(), join(box.folder, 'shop-secret')].flatMap((folder) =>
    readdirSync(folder).map((name) => join(folder, name)),
  );
  files.push(join(box.home, 'settings.json'));
  return {
    folders: readdirSync(box.folder).join(),
    ...Object.fromEntries(
      files.map((file) => [file, createHash('sha256').update(readFileSync(file)).digest('hex')]),
    ),
  };
}

/** Files of the workspace that hold what lies outside. Links and pipes are not followed. */
function carriedIn(folder = box.workspace): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((one) => {
    const path = join(folder, one.name);
    if (one.isDirectory()) return carriedIn(path);
    return one.isFile() && readFileSync(path).includes(CANARY) ? [path] : [];
  });
}

describe('a path that leads out, in every parameter of every tool [FS-1 FS-3]', () => {
  it('each text that a tool takes is tried, or is known to be no path', async () => {
    const { tools } = await client.listTools();
    const missed = tools.flatMap(({ name, inputSchema }) =>
      texts(inputSchema as Schema)
        .filter(
          (parameter) =>
            !PARAMETERS.some((one) => one[0] === name && one[1] === parameter) &&
            NO_PATHS[name]?.includes(parameter) !== true,
        )
        .map((parameter) => `${name} ${parameter}`),
    );
    expect([...new Set(missed)]).toEqual([]);
  });

  it.each(PARAMETERS)(
    '%s: %s',
    async (name, parameter, how) => {
      const before = around();
      const isPattern = /pattern|glob/.test(parameter);
      const isRevision = /^git_\w+ (?:from|to|revision|name|branch)$/.test(`${name} ${parameter}`);
      const values = [...PATHS, ...(isPattern || parameter === 'paths[]' ? GLOBS : [])].map((value) =>
        value.replaceAll(/^(.*?)O\//g, `$1${outside()}/`).replaceAll(/^H\//g, `${box.home}/`),
      );
      // A name that is only strange is a file like any, and printing one takes a second.
      const waiting = values.filter(
        (value) => parameter !== 'to' || name !== 'page_pdf' || /^(?:\.\.|\/|to-|d\/up|a\.txt)/.test(value),
      );
      const found: unknown[] = [];
      const codes = new Set<string>();
      const attack = async () => {
        for (let value = waiting.shift(); value !== undefined; value = waiting.shift()) {
          const began = performance.now();
          const { isError, content, structuredContent, _meta } = await client.callTool({
            name,
            arguments: how(value),
          });
          const text = JSON.stringify([content, structuredContent]);
          codes.add(String(_meta?.['fastband/code'] ?? 'answered'));
          // What a caller wrote may be said back to it.
          if (text.includes(CANARY)) found.push([value, 'what lies outside was told', text.slice(0, 200)]);
          if (isError !== true && !isPattern && value.startsWith(outside()))
            found.push([value, 'was taken', text.slice(0, 200)]);
          if (isError === true && performance.now() - began > ANSWER_MS) found.push([value, 'took too long']);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, attack));
      expect(found).toEqual([]);
      // So that the tool came as far as the path: it was not refused for something else.
      if (!isPattern && !isRevision) expect([...codes]).toContain('outside_workspace');
      expect(around()).toEqual(before);
      expect(carriedIn()).toEqual([]);
      expect([existsSync(outside('new.txt')), asked]).toEqual([false, 0]);
      git('checkout', '-q', '-f', 'main');
    },
    60_000,
  );

  it('nothing of it is in the log, and the host is well', async () => {
    const { rows } = await host.api('audit.search', { text: CANARY, limit: 10 });
    expect(rows).toEqual([]);
    expect((await host.api('audit.verify', {})).ok).toBe(true);
    const approvals = await host.api('approvals.list', { limit: 1000 });
    expect(approvals.filter(({ effects }) => JSON.stringify(effects).includes(outside()))).toEqual([]);
    expect(statSync(inside('a.txt')).isFile()).toBe(true);
    expect(
      (await client.callTool({ name: 'read_file', arguments: { path: 'd/b.txt' } })).isError ?? false,
    ).toBe(false);
  });
});

/** What is tried meanwhile, and how long each state of the folder lasts at most, so that calls can end in one. */
const RACES: readonly (readonly [
  name: string,
  dwellMs: number,
  calls: (round: number) => readonly (readonly [name: string, args: Arguments])[],
])[] = [
  [
    'files are read and written',
    8,
    (round) => [
      ['read_file', { path: 'race/f' }],
      ['write_file', { path: 'race/f', content: `round ${round}\n` }],
      ['read_many_files', { paths: ['race/f'] }],
      ['write_file', { path: `race/new-${round % 3}`, content: 'x' }],
      ['search_files', { path: 'race', pattern: '[a-f0-9]{16}' }],
      ['search_files', { path: 'race/f', pattern: '[a-f0-9]{16}' }],
      ['create_directory', { path: `race/d-${round}` }],
      ['delete_path', { path: 'race/new-0' }],
      ['move_path', { from: 'race/new-1', to: 'race/new-2' }],
    ],
  ],
  ['a command runs in it', 8, () => [['run_command', { command: ['cat', 'f'], cwd: 'race' }]]],
  [
    'git looks at it',
    100,
    () => [
      ['git_diff', { path: 'race' }],
      ['git_stage', { path: 'race', paths: ['race/f'] }],
      ['git_diff', { path: 'race', staged: true }],
    ],
  ],
];

describe('a folder that another process swaps for a link again and again, while', () => {
  it.each(RACES)('%s, leads nowhere [FS-2]', async (_name, dwellMs, calls) => {
    const out = join(box.folder, 'race-out');
    // A repository each: git is led astray as easily as a read.
    for (const folder of [out, inside('race')]) {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
      writeFileSync(join(folder, 'f'), 'first\n');
      const run = (...args: string[]) => execFileSync('git', args, { cwd: folder, stdio: 'ignore' });
      run('init', '-b', 'main');
      run('add', '.');
      run('-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', 'commit', '-m', 'first');
      writeFileSync(join(folder, 'f'), folder === out ? `${CANARY}\n` : 'inside\n');
    }
    const before = readdirSync(out, { recursive: true });
    const racer = spawn(
      process.execPath,
      ['-e', RACER, inside('race'), inside('race-aside'), out, String(dwellMs)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(racer.stdout, 'data');
    const told: string[] = [];
    const outcomes = new Map<string, Set<unknown>>();
    const end = performance.now() + RACE_MS;
    const attack = async (): Promise<void> => {
      for (let round = 0; performance.now() < end; round++)
        for (const [name, args] of calls(round)) {
          const { content, _meta } = await client.callTool({ name, arguments: args });
          const text = JSON.stringify(content);
          if (text.includes(CANARY)) told.push(`${name} ${JSON.stringify(args)} ${text.slice(0, 200)}`);
          outcomes.set(name, (outcomes.get(name) ?? new Set()).add(_meta?.['fastband/code'] ?? 'done'));
        }
    };
    try {
      await Promise.all(Array.from({ length: 3 }, attack));
    } finally {
      racer.kill('SIGKILL');
      await once(racer, 'exit');
    }
    for (const place of [inside('race'), inside('race-aside')])
      rmSync(place, { recursive: true, force: true });
    expect(racer.signalCode).toBe('SIGKILL');
    expect(told).toEqual([]);
    expect([readdirSync(out, { recursive: true }), readFileSync(join(out, 'f'), 'utf8')]).toEqual([
      before,
      `${CANARY}\n`,
    ]);
    // The race was real: the same call was done, and was refused.
    const [[first = ''] = []] = calls(0);
    const codes = [...(outcomes.get(first) ?? [])];
    expect([codes, codes.includes('done'), codes.length > 1]).toEqual([codes, true, true]);
    for (const [name, all] of outcomes) expect([name, all.has('internal')]).toEqual([name, false]);
  });
});
