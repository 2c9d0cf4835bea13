import { link, mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { refusal, ToolBench } from '../testing.ts';
import { findFiles } from './find-files.ts';
import { listDirectory } from './list-directory.ts';
import { searchFiles } from './search-files.ts';

let bench: ToolBench;
beforeEach(async () => {
  bench = await ToolBench.create({
    '.gitignore': '*.log\nbuilt/\n',
    'a.ts': 'one needle\ntwo\nthree needle\n',
    'src/b.ts': 'Needle\n',
    'src/deep/c.tsx': 'needle\n',
    'src/d.js': 'needle (x)\n',
    'noise.log': 'needle\n',
    'built/e.ts': 'needle\n',
    '.env': 'needle=secret\n',
    '.hidden/f.ts': 'needle\n',
    '.git/config': 'needle\n',
    'with space/naïve 日本.ts': 'needle\n',
    'nul.bin': Buffer.from('needle\0needle\n'),
  });
  await mkdir(join(bench.base, 'outside'));
  await writeFile(join(bench.base, 'outside/o.ts'), 'needle outside\n');
  await symlink(join(bench.base, 'outside'), bench.path('src/link'));
  await symlink(join(bench.base, 'outside/o.ts'), bench.path('src/l.ts'));
});
afterEach(() => bench.remove());

const found = async (input: object) => (await bench.call(findFiles, input)).output.files;
const hits = async (input: object) => [
  ...new Set((await bench.call(searchFiles, input)).output.lines.map((one) => one.path)),
];

describe('find_files', () => {
  test.each([
    ['*.ts', ['a.ts', 'src/b.ts', 'with space/naïve 日本.ts']],
    ['**/*.ts', ['a.ts', 'src/b.ts', 'with space/naïve 日本.ts']],
    ['/*.ts', ['a.ts']],
    ['./src/*.ts', ['src/b.ts']],
    ['src/**', ['src/b.ts', 'src/d.js', 'src/deep/c.tsx']],
    ['src/', ['src/b.ts', 'src/d.js', 'src/deep/c.tsx']],
    ['src/**/*.{js,tsx}', ['src/d.js', 'src/deep/c.tsx']],
    ['*.{t,j}s', ['a.ts', 'src/b.ts', 'src/d.js', 'with space/naïve 日本.ts']],
    ['?.ts', ['a.ts', 'src/b.ts']],
    ['naïve*', ['with space/naïve 日本.ts']],
    ['*.log', []],
    ['built/*', []],
    ['config', []],
    ['*.TS', []],
    ['--help', []],
  ])('%s', async (pattern, files) => {
    expect(await found({ pattern })).toEqual(files);
  });

  test('hidden files when asked, git’s data and ignored ones never', async () => {
    expect(await found({ pattern: '**', hidden: true })).toEqual([
      '.env',
      '.gitignore',
      '.hidden/f.ts',
      'a.ts',
      'nul.bin',
      'src/b.ts',
      'src/d.js',
      'src/deep/c.tsx',
      'with space/naïve 日本.ts',
    ]);
  });

  test('below a folder the glob begins there', async () => {
    expect(await found({ pattern: 'deep/*', path: 'src' })).toEqual(['src/deep/c.tsx']);
    expect(await found({ pattern: 'src/*', path: 'src' })).toEqual([]);
  });

  test('stops at the limit and says so', async () => {
    const { output } = await bench.call(findFiles, { pattern: '*', limit: 2 });
    expect(output).toMatchObject({ more: true });
    expect(output.files).toHaveLength(2);
    expect((await bench.call(findFiles, { pattern: '*.tsx', limit: 1 })).output).toMatchObject({
      more: false,
    });
  });

  test.each(['[a-z].ts', 'a/../b', '{a,b', '!x', '{1,2,3,4}'.repeat(5)])(
    '%s has no clear meaning and is an error',
    async (pattern) => {
      expect((await refusal(bench.plan(findFiles, { pattern }))).code).toBe('invalid_input');
    },
  );
});

describe('search_files', () => {
  test('finds lines, with the number of each', async () => {
    const { output, text, plan } = await bench.call(searchFiles, { pattern: 'needle$', path: '.' });
    expect(output.lines).toContainEqual({ path: 'a.ts', line: 3, text: 'three needle', match: true });
    expect(text).toContain('a.ts\n1: one needle\n3: three needle\n');
    expect(plan.effects).toEqual([{ kind: 'read', workspace: 'ws', path: '.', tree: true }]);
    expect(await hits({ pattern: 'needle' })).toEqual([
      'a.ts',
      'src/d.js',
      'src/deep/c.tsx',
      'with space/naïve 日本.ts',
    ]);
  });

  test.each<[string, object, string[]]>([
    ['one file', { pattern: 'needle', path: 'src/d.js' }, ['src/d.js']],
    ['one ignored file, by name', { pattern: 'needle', path: 'noise.log' }, ['noise.log']],
    ['one hidden file, by name', { pattern: 'needle', path: '.env' }, ['.env']],
    ['a glob', { pattern: 'needle', glob: '*.{js,tsx}' }, ['src/d.js', 'src/deep/c.tsx']],
    ['a glob never brings back what is ignored', { pattern: 'needle', glob: '*.log' }, []],
    ['a glob never brings back what is hidden', { pattern: 'needle', glob: '.env' }, []],
    [
      'any case',
      { pattern: 'NEEDLE', ignore_case: true, path: 'src' },
      ['src/b.ts', 'src/d.js', 'src/deep/c.tsx'],
    ],
    ['literally', { pattern: 'needle (x)', literal: true }, ['src/d.js']],
    ['hidden too', { pattern: 'needle', hidden: true, glob: '.*' }, ['.env']],
    ['below a hidden folder', { pattern: 'needle', path: '.hidden' }, ['.hidden/f.ts']],
    ['a pattern like a switch', { pattern: '--pre=cat' }, []],
    ['a pattern like a file', { pattern: '-f/etc/passwd' }, []],
    ['a glob like a switch', { pattern: 'needle', glob: '--pre=cat' }, []],
  ])('%s', async (_, input, paths) => {
    expect(await hits(input)).toEqual(paths);
  });

  test('context lines are told from matches', async () => {
    const { output } = await bench.call(searchFiles, { pattern: 'two', path: 'a.ts', context: 1 });
    expect(output.lines.map((one) => [one.line, one.match])).toEqual([
      [1, false],
      [2, true],
      [3, false],
    ]);
    expect(output.matches).toBe(1);
  });

  test('stops at the limit and says so', async () => {
    await bench.put('many.txt', 'needle\n'.repeat(5000));
    const { output } = await bench.call(searchFiles, { pattern: 'needle', path: 'many.txt', limit: 7 });
    expect(output).toMatchObject({ matches: 7, more: true });
    expect(output.lines).toHaveLength(7);
  });

  test('long lines are shortened, enormous ones do not fill memory', async () => {
    await bench.put('long.txt', `needle ${'x'.repeat(5000)}\n`);
    await bench.put('huge.txt', `needle ${'x'.repeat(9_000_000)}\nneedle after\n`);
    const { output } = await bench.call(searchFiles, { pattern: 'needle', glob: '*.txt' });
    expect(output.lines.map((one) => one.path)).toEqual(['huge.txt', 'long.txt']);
    expect(output.lines[0]).toMatchObject({ line: 2, text: 'needle after' });
    expect(output.lines[1]?.text.length).toBeLessThan(600);
  });

  test('a bad expression is explained', async () => {
    const { code, message } = await refusal(bench.call(searchFiles, { pattern: 'a(' }));
    expect(code).toBe('invalid_input');
    expect(message).toContain('unclosed group');
  });

  test('a cancelled search ends', async () => {
    const plan = await bench.plan(searchFiles, { pattern: 'needle' });
    bench.controller.abort(new Error('stopped'));
    expect((await refusal(bench.run(searchFiles, plan))).message).toBe('stopped');
  });

  test('the caller’s environment and configuration do not count', async () => {
    await bench.put('rc', '--hidden\n--no-ignore\n');
    process.env.RIPGREP_CONFIG_PATH = bench.path('rc');
    try {
      expect(await hits({ pattern: 'needle' })).not.toContain('noise.log');
    } finally {
      delete process.env.RIPGREP_CONFIG_PATH;
    }
  });
});

describe('list_directory', () => {
  test('lists one level, and more when asked', async () => {
    const { output, text } = await bench.call(listDirectory, { path: 'src' });
    expect(output.entries).toEqual([
      { path: 'src/b.ts', type: 'file', size: 7 },
      { path: 'src/d.js', type: 'file', size: 11 },
      { path: 'src/deep', type: 'directory' },
      { path: 'src/l.ts', type: 'link' },
      { path: 'src/link', type: 'link' },
    ]);
    expect(text).toContain('src/deep/\n');
    const deep = await bench.call(listDirectory, { depth: 3 });
    const paths = deep.output.entries.map((one) => one.path);
    expect(paths).toContain('src/deep/c.tsx');
    expect(paths).toContain('.git');
    expect(paths.some((path) => path.startsWith('.git/') || path.startsWith('src/link/'))).toBe(false);
  });

  test('many entries are cut and said to be', async () => {
    await mkdir(bench.path('many'));
    await Promise.all(Array.from({ length: 2100 }, (_, i) => writeFile(bench.path(`many/${i}`), '')));
    const { output } = await bench.call(listDirectory, { path: 'many' });
    expect(output.entries).toHaveLength(2000);
    expect(output.more).toBe(true);
  });

  test.each([
    ['a.ts', 'invalid_input'],
    ['nope', 'not_found'],
    ['src/link', 'outside_workspace'],
  ])('%s is refused', async (path, code) => {
    expect((await refusal(bench.plan(listDirectory, { path }))).code).toBe(code);
  });
});

describe('walks show nothing that they must not [FS-8]', () => {
  const everything = async () => [
    ...(await found({ pattern: '**', hidden: true })),
    ...(await hits({ pattern: 'needle', hidden: true })),
    ...(await bench.call(listDirectory, { depth: 10 })).output.entries.map((one) => one.path),
  ];

  test('what the rules hide', async () => {
    bench.hidden.add('ws:src/b.ts').add('ws:.env').add('ws:src/deep/c.tsx');
    const shown = await everything();
    expect(shown).toContain('src/d.js');
    for (const path of ['src/b.ts', '.env', 'src/deep/c.tsx']) expect(shown).not.toContain(path);
  });

  test('Fastband’s own folder', async () => {
    await bench.put('src/deep/own/fastband.db', 'needle');
    bench.home = bench.path('src/deep');
    expect(JSON.stringify(await everything())).not.toContain('deep');
  });

  test('a file of Fastband’s own under a second name', async () => {
    await writeFile(join(bench.home, 'settings.json'), 'needle');
    await link(join(bench.home, 'settings.json'), bench.path('src/mine.json'));
    await link(bench.path('a.ts'), bench.path('src/second.ts'));
    const shown = await hits({ pattern: 'needle' });
    expect(shown.filter((one) => one.includes('mine'))).toEqual([]);
    // Other second names are files like any.
    expect(shown).toContain('src/second.ts');
  });

  test('what a workspace further in hides', async () => {
    bench.workspaces.push({ name: 'inner', root: bench.path('src'), readOnly: false, createdAt: 0 });
    bench.hidden.add('inner:b.ts').add('inner:deep/c.tsx');
    const files = await found({ pattern: '**', path: 'ws' });
    expect(files).toContain('ws/src/d.js');
    expect(files).not.toContain('ws/src/b.ts');
    expect(files).not.toContain('ws/src/deep/c.tsx');
  });

  test('a folder that became a link out after planning', async () => {
    const plans = [
      await bench.plan(findFiles, { pattern: '**', path: 'src' }),
      await bench.plan(searchFiles, { pattern: 'needle', path: 'src' }),
      await bench.plan(listDirectory, { path: 'src' }),
    ] as const;
    const file = await bench.plan(searchFiles, { pattern: 'needle', path: 'src/d.js' });
    await rename(bench.path('src'), bench.path('src2'));
    await symlink(join(bench.base, 'outside'), bench.path('src'));
    await writeFile(join(bench.base, 'outside/d.js'), 'needle');
    expect((await refusal(bench.run(findFiles, plans[0]))).code).toBe('changed_since_plan');
    expect((await refusal(bench.run(searchFiles, plans[1]))).code).toBe('changed_since_plan');
    expect((await refusal(bench.run(listDirectory, plans[2]))).code).toBe('changed_since_plan');
    expect((await refusal(bench.run(searchFiles, file))).code).toBe('changed_since_plan');
  });
});
