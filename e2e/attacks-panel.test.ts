import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Client } from '@modelcontextprotocol/client';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PAGE_IDS } from '../contract/page-ids.ts';
import { openBrowser, openPanel } from './browser.ts';
import { CHROMIUM } from './chromium.ts';
import { type Host, Sandbox } from './host.ts';

/** What a page would do something with. */
const MARKUP: readonly string[] = [
  '<img src=x onerror="hurt(1)">',
  '"><script>hurt(2)</script>',
  "'onmouseover='hurt(3)'",
  '<svg onload=hurt(4)>',
  '</textarea></script><script>hurt(5)</script>',
  'javascript:hurt(6)',
  '$'.concat('{hurt(7)}{{hurt(8)}}<%= hurt(9) %>'),
  '![x](http://evil.example/pixel.png)',
  '[click here](http://evil.example/)',
  '<a href="http://evil.example/">click</a>',
  '<style>@import "http://evil.example/x.css"; * { background: url(http://evil.example/y.png) }</style>',
  '<iframe srcdoc="<script>parent.hurt(10)</script>"></iframe>',
  '<meta http-equiv=refresh content="0;url=http://evil.example/">',
  '<base href="http://evil.example/">',
  '__proto__',
  'http://evil.example/',
];
/** What a terminal or a reader would be led astray by. */
const HIDDEN: readonly string[] = [
  '\u001b]8;;http://evil.example/\u0007link\u001b]8;;\u0007',
  '\u001b[2J\u001b[1;31mred',
  '\u009b31m',
  'gnp.\u202eexe',
  '\u2066left\u2069',
  'in\u200bvis\u00adible\u2060',
  '\u{e0041}\u{e0042}',
  '\r\u0008\u0000end',
];
const ALL = [...MARKUP, ...HIDDEN].join(' ');
/** As much of it as the name of a file may hold. */
const NAME = '<img src=x onerror=hurt(11)> gnp.\u202eexe \u200b=1+1';
/** As much of it as git lets a branch be called. */
const BRANCH = '<img/src=x/onerror=hurt(12)>gnp.\u202eexe\u200b';
/** What SQLite and the calls that are frozen as JSON take. */
const SAID = ALL.replaceAll('\0', '');

/** The tools whose questions are looked at. */
const ASKING = [
  'write_file',
  'edit_file',
  'run_command',
  'git_commit',
  'http_request',
  'query_database',
  'sample_table',
  'git_create_branch',
  'ask_model',
  'use_page',
];

let box: Sandbox;
let host: Host;
let client: Client;
const calls: Promise<unknown>[] = [];

const call = (name: string, args: Record<string, unknown>) => {
  const answer = client.callTool({ name, arguments: args }).catch(() => undefined);
  calls.push(answer);
  return answer;
};

/** A call that a person lets through. */
async function letThrough(name: string, args: Record<string, unknown>): Promise<string> {
  const answer = call(name, args);
  await host.allow();
  return JSON.stringify(await answer);
}

beforeAll(async () => {
  box = new Sandbox();
  mkdirSync(join(box.workspace, NAME));
  writeFileSync(join(box.workspace, NAME, `${NAME}.txt`), ALL);
  writeFileSync(join(box.workspace, NAME, 'edited.txt'), SAID);
  writeFileSync(
    join(box.workspace, 'page.html'),
    `<!doctype html><title>${ALL.replaceAll('<', '&lt;').replaceAll('\0', '')}</title><h1>x</h1><script>console.error(${JSON.stringify(SAID).replaceAll('</', '<\\\\/')}); console.warn({ a: 1 })</script>`,
  );
  mkdirSync(join(box.workspace, '.fastband'));
  writeFileSync(
    join(box.workspace, '.fastband', 'policy.yaml'),
    `version: 1\nrules:\n  - effect: deny\n    match: { kind: write, paths: ["never/**"] }\n    note: ${JSON.stringify(ALL.slice(0, 190))}\n`,
  );
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const db = new DatabaseSync(join(box.workspace, 'shop.db'));
  db.exec(`CREATE TABLE ${quoted(SAID)} (${quoted(SAID)} TEXT)`);
  db.prepare(`INSERT INTO ${quoted(SAID)} VALUES (?)`).run(SAID);
  db.close();
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', `user.name=${MARKUP[0] ?? ''}`, '-c', 'user.email=a@example.org', ...args], {
      cwd: box.workspace,
      stdio: 'ignore',
    });
  git('init', '-b', 'main');
  git('add', 'page.html');
  git('commit', '-m', SAID);
  git('branch', BRANCH);
  git('tag', `${BRANCH}-tag`);
  writeFileSync(join(box.workspace, 'staged.txt'), ALL);
  git('add', 'staged.txt');
  host = await box.serve(undefined, { ANTHROPIC_API_KEY: 'sk-ant-of-nobody' });
  client = await box.connect(host, await box.addClient(MARKUP[0] ?? ''), {});

  // What is answered at once.
  await call('read_file', { path: `${NAME}/${NAME}.txt` });
  await call('read_file', { path: `${ALL}.txt` });
  await call('search_files', { pattern: MARKUP[0] });
  await call('find_files', { pattern: `**/${NAME}` });
  await call('git_log', {});
  await call('git_show', { revision: ALL });
  expect(await call('git_show', {})).toMatchObject({ structuredContent: { files: ['page.html'] } });
  await call('list_directory', { path: ALL });
  await call(ALL, {});
  await call('get_version', { [ALL]: ALL });
  await call('git_switch', { branch: ALL });
  await call('list_databases', {});
  expect(await letThrough('describe_database', { database: 'shop.db' })).toContain('hurt(1)');
  if (existsSync(CHROMIUM)) {
    await call('screenshot', { path: 'page.html' });
    await call('query_page', { path: 'page.html', selector: ALL.slice(0, 400) });
    await call('page_snapshot', { path: 'page.html', session: ALL });
    expect(JSON.stringify(await call('page_console', { path: 'page.html' }))).toContain('hurt(1)');
  }
  // What waits.
  void call('write_file', { path: `${NAME}/new.md`, content: [...MARKUP, ...HIDDEN].join('\n') });
  void call('edit_file', { path: `${NAME}/edited.txt`, edits: [{ old: MARKUP[1], new: SAID }] });
  void call('run_command', {
    command: ['echo', ...MARKUP, ...HIDDEN.map((one) => one.replaceAll('\0', ''))],
  });
  void call('git_commit', { message: SAID });
  void call('fetch_url', { url: `https://example.com/?${ALL}#${ALL}` });
  void call('http_request', {
    url: 'https://example.com/',
    method: 'POST',
    headers: { 'X-A': MARKUP.join(' ') },
    body: ALL,
  });
  const sql = `SELECT '${SAID.replaceAll("'", '')}', * FROM ${quoted(SAID)} WHERE 1 = ?`;
  void call('query_database', { database: 'shop.db', sql, params: [SAID] });
  void call('sample_table', { database: 'shop.db', table: SAID });
  void call('git_create_branch', { name: `${BRANCH}-new`, from: BRANCH });
  void call('ask_model', { prompt: ALL, system: ALL, schema: { type: 'object', title: SAID } });
  void call('use_page', {
    url: 'https://example.com/',
    session: 'a',
    steps: [
      { do: 'type', on: SAID.slice(0, 480), value: ALL },
      { do: 'goto', value: `https://example.com/?${ALL}` },
    ],
  });
}, 60_000);
afterAll(async () => {
  await box?.close();
  await Promise.all(calls);
});

describe.skipIf(!existsSync(CHROMIUM))('what clients and files say is text in the panel [UI-3 APP-5]', () => {
  let browser: Browser;
  let page: Page;
  const asked: string[] = [];
  const seen: string[] = [];

  beforeAll(async () => {
    browser = await openBrowser();
    page = await openPanel(browser, host, { viewport: { width: 1280, height: 1000 } });
    await page.context().addInitScript(`
      window.hurts = [];
      window.hurt = (what) => window.hurts.push('script ' + what);
      document.addEventListener('securitypolicyviolation', (event) => window.hurts.push('policy ' + event.violatedDirective + ' ' + event.blockedURI));
      for (const name of ['alert', 'confirm', 'prompt', 'open']) window[name] = () => window.hurts.push(name);
    `);
    page.on('request', (request) => asked.push(request.url()));
    page.on('popup', () => asked.push('a popup'));
    await page.reload();
    await page.getByRole('heading', { level: 1 }).first().waitFor();
  });
  afterAll(() => browser?.close());

  /** What of a page is not as it must be. */
  async function harm(): Promise<unknown> {
    seen.push(String(await page.evaluate('document.body.innerText')));
    const found = (await page.evaluate(`({
      hurts: window.hurts,
      links: [...document.querySelectorAll('a[href], area[href], form[action], iframe, object, embed, base, meta[http-equiv]')]
        .filter((one) => !(one.getAttribute('href') ?? '').startsWith('#')).map((one) => one.outerHTML.slice(0, 200)),
      pictures: [...document.images].map((one) => one.src).filter((src) => !src.startsWith(location.origin) && !/^(?:blob|data:image\\/(?:png|jpeg)):?/.test(src)),
      hidden: [...(document.body.innerText.match(/[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\ufeff]|\\udb40[\\udc00-\\udfff]/g) ?? [])].map((one) => one.codePointAt(0).toString(16)),
    })`)) as { hurts: string[]; links: string[]; pictures: string[]; hidden: string[] };
    const elsewhere = asked.filter(
      (url) => !url.startsWith(host.ready.panel) && !/^(?:blob|data):/.test(url),
    );
    return { ...found, elsewhere };
  }
  const CLEAN = { hurts: [], links: [], pictures: [], hidden: [], elsewhere: [] };

  async function show(place: string): Promise<void> {
    await page.goto(new URL(`#/${place}`, page.url()).href);
    await page.locator('h1').first().waitFor();
    await page.waitForTimeout(250);
  }

  it.each(PAGE_IDS)('on the page %s', async (id) => {
    await show(id);
    expect(await harm()).toEqual(CLEAN);
  });

  it('in each question that waits', async () => {
    const waits = () => host.api('approvals.list', { status: 'waiting' });
    const tools = () => waits().then((all) => all.map(({ tool }) => tool));
    await expect.poll(tools).toEqual(expect.arrayContaining([...ASKING]));
    const waiting = await waits();
    for (const { id } of waiting) {
      await show(`approvals?id=${id}`);
      expect(await harm()).toEqual(CLEAN);
    }
  });

  it('in the details of each row of the log', async () => {
    const { rows } = await host.api('audit.search', { limit: 60 });
    expect(rows.length).toBeGreaterThan(15);
    for (const { seq } of rows) {
      await page.goto(new URL(`#/activity?row=${seq}`, page.url()).href);
      await page.getByRole('dialog').waitFor();
      await page.waitForTimeout(60);
      expect([seq, await harm()]).toEqual([seq, CLEAN]);
    }
  });

  it('in what is searched for, and in the address', async () => {
    await show(`activity?q=${encodeURIComponent(ALL)}`);
    expect(await harm()).toEqual(CLEAN);
    await show(encodeURIComponent(MARKUP[0] ?? ''));
    expect(await harm()).toEqual(CLEAN);
  });

  it('and it was there to be seen', () => {
    const all = seen.join('\n');
    for (const one of [
      '<img src=x onerror="hurt(1)">',
      'javascript:hurt(6)',
      '![x](http://evil.example/pixel.png)',
    ])
      expect(all).toContain(one);
  });
});

describe('what clients and files say is text elsewhere too [UI-3]', () => {
  it('in a terminal', async () => {
    for (const command of [
      ['audit', 'tail', '--limit', '60'],
      ['audit', 'search', 'evil'],
      ['client', 'list'],
      ['workspace', 'list'],
      ['rules', 'list'],
    ]) {
      const { stdout, stderr } = await box.run(command);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: it is these that are looked for
      const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b\u202a-\u202e\u2060-\u206f]/;
      expect([command.join(' '), control.exec(stdout + stderr)]).toEqual([command.join(' '), null]);
    }
  });

  it('in a spreadsheet', async () => {
    const { stdout, code } = await box.run(['audit', 'export', '--format', 'csv']);
    expect(code).toBe(0);
    const cells = stdout.split(/\r?\n/).flatMap((line) => line.split(','));
    expect(cells.filter((cell) => /^"?[=+@\t\r]|^"?-[^\d]/.test(cell))).toEqual([]);
    expect(stdout).toContain('evil.example');
  });
});
