import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WorkspaceHealth } from '../contract/entities.ts';
import { Target } from './attack.ts';
import { Sandbox } from './host.ts';

const DENY = `version: 1
rules:
  - effect: deny
    match: { kind: write, paths: ['src/**'] }
`;
const rule = (more: string) => `version: 1\nrules:\n  - ${more}\n`;

type Case = readonly [name: string, text: string | Buffer];

const CLOSED: readonly Case[] = [
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
];

const OPEN: readonly Case[] = [
  ['allows what a person denied', rule("{ effect: allow, match: { kind: write, paths: ['locked/**'] } }")],
  ['allows everything', rule("{ effect: allow, match: { kind: write, paths: ['**'] } }")],
  [
    'names another workspace',
    rule("{ effect: deny, match: { kind: write, workspace: other, paths: ['**'] } }"),
  ],
  ['begins with a mark of its encoding, and denies', `\ufeff${DENY}`],
  ['hides its deny behind a comment that turns around', `# \u202e allow \u202c\n${DENY}`],
  ['ends its lines as Windows does', DENY.replaceAll('\n', '\r\n')],
];

let box: Sandbox;
let target: Target;
let states: readonly WorkspaceHealth[];

/** A workspace for each case, with its policy in it. */
beforeAll(async () => {
  box = new Sandbox();
  target = await Target.start(box);
  await target.host.api('rules.add', { effect: 'deny', match: { kind: 'write', paths: ['locked/**'] } });
  for (const [prefix, cases] of [
    ['closed', CLOSED],
    ['open', OPEN],
  ] as const)
    for (const [i, [, text]] of cases.entries()) {
      const root = join(box.folder, `${prefix}-${i}`);
      mkdirSync(join(root, '.fastband'), { recursive: true });
      writeFileSync(join(root, '.fastband', 'policy.yaml'), text);
      await target.host.api('workspaces.add', { root });
    }
  states = await target.host.api('workspaces.inspect');
});
afterAll(() => box?.close());

async function write(path: string): Promise<unknown> {
  const { _meta } = await target.client.callTool({ name: 'write_file', arguments: { path, content: 'x' } });
  return _meta?.['fastband/code'] ?? 'written';
}

const problemOf = (name: string) => states.find((one) => one.name === name)?.policy.problem;

describe('a project’s policy that cannot be read as it stands closes its workspace [POL-4 POL-7]', () => {
  it.each(CLOSED.map(([name], i) => [name, `closed-${i}`] as const))('%s', async (_name, workspace) => {
    expect(await write(`${workspace}/free.txt`)).toBe('denied_by_rule');
    expect(problemOf(workspace)).toMatch(/Until it is mended, nothing may be changed or run there\.$/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: naming them is what this is for
    expect(problemOf(workspace)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e]/);
  });

  it('and others go on meanwhile', async () => {
    expect(await write('shop/free.txt')).toBe('written');
    expect(await write('shop/locked/a.txt')).toBe('denied_by_rule');
    const began = performance.now();
    const looking = target.host.api('workspaces.inspect');
    await target.client.callTool({ name: 'get_version', arguments: {} });
    expect(performance.now() - began).toBeLessThan(2000);
    await looking;
  });
});

describe('a project’s policy only tightens [POL-4]', () => {
  it.each(OPEN.map(([name, text], i) => [name, `open-${i}`, String(text)] as const))(
    '%s',
    async (_name, workspace, text) => {
      expect(await write(`${workspace}/locked/a.txt`)).toBe('denied_by_rule');
      expect(await write(`${workspace}/free.txt`)).toBe('written');
      const denies = text.includes('deny') && !text.includes('other');
      expect(await write(`${workspace}/src/a.ts`)).toBe(denies ? 'denied_by_rule' : 'written');
      if (!denies) expect(problemOf(workspace)).toContain('It counts for nothing.');
    },
  );
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
    expect(existsSync(join(box.workspace, 'locked'))).toBe(false);
    expect((await target.host.api('audit.verify', {})).ok).toBe(true);
    expect(target.host.process.exitCode).toBeNull();
  });
});
