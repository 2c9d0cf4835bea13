import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Target } from './attack.ts';
import { Sandbox } from './host.ts';

let box: Sandbox;
let target: Target;

beforeAll(async () => {
  box = new Sandbox();
  target = await Target.start(box);
  await target.host.api('rules.add', { effect: 'deny', match: { kind: 'write', paths: ['locked/**'] } });
  mkdirSync(join(box.workspace, '.fastband'));
});
afterAll(() => box?.close());

const DENY = `version: 1
rules:
  - effect: deny
    match: { kind: write, paths: ['src/**'] }
`;
const rule = (more: string) => `version: 1\nrules:\n  - ${more}\n`;

const policyFile = () => join(box.workspace, '.fastband', 'policy.yaml');

async function write(path: string): Promise<unknown> {
  const { _meta } = await target.client.callTool({ name: 'write_file', arguments: { path, content: 'x' } });
  return _meta?.['fastband/code'] ?? 'written';
}

async function until(path: string, wanted: string): Promise<void> {
  await expect.poll(() => write(path), { timeout: 10_000, interval: 50 }).toBe(wanted);
}

/** What no rule may hide, nor a file of a stranger change. */
async function afterwards(): Promise<void> {
  expect(await write('locked/a.txt')).toBe('denied_by_rule');
  const began = performance.now();
  await target.client.callTool({ name: 'get_version', arguments: {} });
  expect(performance.now() - began).toBeLessThan(2000);
}

describe('a project’s policy that cannot be read as it stands closes its workspace [POL-4 POL-7]', () => {
  it.each([
    ['braces within braces', '{'.repeat(60_000)],
    [
      'an alias for each anchor',
      `x: [${Array.from({ length: 14_000 }, (_, i) => `&a${i} 1,*a${i}`).join(',')}]`,
    ],
    [
      'aliases of aliases',
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nversion: 1\nrules: *b\n`,
    ],
    [
      'a merge key that would take a deny back',
      `${DENY}  - &open { effect: allow, match: { kind: write, paths: ['**'] } }\n  - { <<: *open, effect: deny }\n`,
    ],
    [
      'the merge key of YAML 1.1',
      `%YAML 1.1\n---\n${DENY}  - { <<: { effect: allow }, match: { kind: write, paths: [a] } }\n`,
    ],
    ['a key twice, the second looser', DENY.replace('effect: deny', 'effect: deny\n    effect: ask')],
    ['a key twice, once in quotes', `${DENY}"rules": []\n`],
    ['a key twice, by an alias', `? &r rules\n: []\n*r : []\nversion: 1\n`],
    ['a second document', `${DENY}---\nversion: 1\nrules: []\n`],
    ['code of JavaScript', `version: !!js/function 'function () {}'\nrules: []\n`],
    ['a tag of its own', `${DENY}    note: !open yes\n`],
    ['bytes for a path', rule('{ effect: deny, match: { kind: write, paths: [!!binary c3JjLyoq] } }')],
    ['a set for a list', 'version: 1\nrules: !!set { a }\n'],
    ['__proto__ at the top', `${DENY}__proto__: { rules: [] }\n`],
    ['__proto__ in a rule', DENY.replace('effect', '__proto__: { effect: allow }\n    effect')],
    ['constructor', `${DENY}constructor: 1\n`],
    ['a key that is a list', `${DENY}? [a, b]\n: 1\n`],
    ['NUL', `${DENY}\0`],
    ['bytes that are no text', Buffer.concat([Buffer.from(DENY), Buffer.from([0xff, 0xfe, 0x0a])])],
    ['UTF-16', Buffer.from(`\ufeff${DENY}`, 'utf16le')],
    ['tabs', DENY.replaceAll('    ', '\t')],
    ['a number for a path', rule('{ effect: deny, match: { kind: write, paths: [1e999] } }')],
    ['nothing for a path', rule('{ effect: deny, match: { kind: write, paths: [~] } }')],
    ['yes for a decision', rule('{ effect: no, match: { kind: write, paths: [src] } }')],
    ['a decision in capitals', DENY.replace('deny', 'DENY')],
    ['a decision misspelt', DENY.replace('deny', 'denied')],
    ['a letter of another alphabet in a decision', DENY.replace('deny', 'd\u0435ny')],
    ['a hidden character in a decision', DENY.replace('deny', '"de\u200bny"')],
    ['a hidden character in a key', DENY.replace('effect', '"eff\u200bect"')],
    ['a key unknown', `${DENY}    unless: { paths: ['src/a'] }\n`],
    ['another version', DENY.replace('1', '2')],
    ['a pattern with no clear meaning', DENY.replace('src/**', 'src/{a,b}')],
    ['nothing', ''],
    ['more than may be', `${DENY}${'# filling\n'.repeat(30_000)}`],
  ])(
    '%s',
    async (_name, text) => {
      rmSync(policyFile(), { force: true });
      await until('free.txt', 'written');
      writeFileSync(policyFile(), text);
      await until('free.txt', 'denied_by_rule');
      const [state] = await target.host.api('workspaces.inspect');
      expect(state?.policy.problem).toMatch(/Until it is mended, nothing may be changed or run there\.$/);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: naming them is what this is for
      expect(state?.policy.problem).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e]/);
      await afterwards();
    },
    30_000,
  );
});

describe('a project’s policy only tightens [POL-4]', () => {
  it.each([
    ['allows what a person denied', rule("{ effect: allow, match: { kind: write, paths: ['locked/**'] } }")],
    ['allows everything', rule("{ effect: allow, match: { kind: write, paths: ['**'] } }")],
    [
      'names another workspace',
      rule("{ effect: deny, match: { kind: write, workspace: other, paths: ['**'] } }"),
    ],
    ['begins with a mark of its encoding, and denies', `\ufeff${DENY}`],
    ['hides its deny behind a comment that turns around', `# \u202e allow \u202c\n${DENY}`],
    ['ends its lines as Windows does', DENY.replaceAll('\n', '\r\n')],
  ])('%s', async (_name, text) => {
    rmSync(policyFile(), { force: true });
    await until('src/a.ts', 'written');
    writeFileSync(policyFile(), `${text}`);
    if (text.includes('deny') && !text.includes('other')) await until('src/a.ts', 'denied_by_rule');
    await afterwards();
  });
});

describe('rules that a person brings in from a file [POL-7]', () => {
  it.each([
    ['one good and one bad rule', `${DENY}  - { effect: allow, match: { kind: write, paths: [] } }\n`],
    [
      'aliases of aliases',
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nversion: 1\nrules: *b\n`,
    ],
    ['braces within braces', '{'.repeat(60_000)],
    ['a key with a terminal’s commands in it', `${DENY}"\\e[2J\\e]0;x\\a": 1\n`],
    ['an endless key', `${DENY}${'k'.repeat(900)}: 1\n`],
  ])('%s: nothing is taken over, and it is said why', async (_name, text) => {
    const before = await target.host.api('rules.list');
    const answer = await target.host.api('rules.import', { text, replace: true, dryRun: false });
    expect(answer).toMatchObject({ applied: false, problem: expect.stringMatching(/^This file is .{10,}/) });
    expect(answer.problem?.length).toBeLessThan(1000);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: naming them is what this is for
    expect(answer.problem).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    expect(await target.host.api('rules.list')).toEqual(before);
    const file = join(box.folder, 'rules.yaml');
    writeFileSync(file, text);
    if (text.length > 5000) return;
    const { code, stdout, stderr } = await box.run(['rules', 'import', file]);
    expect(code).toBeGreaterThan(0);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: naming them is what this is for
    expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect(await target.host.api('rules.list')).toEqual(before);
  });

  it('and the host came through it all', async () => {
    rmSync(policyFile(), { force: true });
    expect(existsSync(join(box.workspace, 'locked'))).toBe(false);
    expect((await target.host.api('audit.verify', {})).ok).toBe(true);
    expect(target.host.process.exitCode).toBeNull();
  });
});
