import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { parseAst } from 'vite';
import { describe, expect, test } from 'vitest';

/** The layout's rules, derived again from what the sources really import. `biome.json` says the same while typing. */

const ROOT = join(import.meta.dirname, '..');

interface Source {
  /** From the root, `/` between components. */
  readonly path: string;
  readonly imports: readonly string[];
  readonly hasDefaultExport: boolean;
  readonly anyAt: readonly number[];
  readonly consoleAt: readonly number[];
}

interface Rule {
  readonly name: string;
  readonly why: string;
  /** Which files it binds. */
  readonly binds: (path: string) => boolean;
  /** Whether such a file may import this: a path from the root, or a package's name. */
  readonly allows: (target: string, path: string) => boolean;
}

const inside = (path: string, ...folders: readonly string[]) =>
  folders.some((folder) => path.startsWith(`${folder}/`));
const isTest = (path: string) => /\.test\.tsx?$/.test(path);
const isElectron = (target: string) =>
  target === 'electron' || target.startsWith('electron/') || inside(target, 'main/electron');
const CORE_FOLDERS = ['core', 'guard', 'tools', 'mcp', 'store', 'config', 'vault', 'providers', 'backup'].map(
  (name) => `main/${name}`,
);

const RULES: readonly Rule[] = [
  {
    name: 'contract imports zod only',
    why: 'it is loaded in every process, the sandboxed ones too',
    binds: (path) => inside(path, 'contract') && !isTest(path),
    allows: (target) => target === 'zod' || inside(target, 'contract'),
  },
  {
    name: 'preload imports contract and electron only',
    why: 'whatever it holds is one mistake away from the page',
    binds: (path) => inside(path, 'preload') && !isTest(path),
    allows: (target) => target === 'electron' || inside(target, 'contract', 'preload'),
  },
  {
    name: 'renderer imports neither main, nor Node, nor Electron',
    why: 'a page that was taken over must have nothing but the contract to reach for',
    binds: (path) => inside(path, 'renderer') && !isTest(path),
    allows: (target) =>
      !inside(target, 'main', 'preload') && !target.startsWith('node:') && !isElectron(target),
  },
  {
    name: 'the core imports neither Electron nor a host',
    why: 'it runs whole under plain Node, and so do its tests',
    binds: (path) => inside(path, ...CORE_FOLDERS),
    allows: (target) => !isElectron(target) && !inside(target, 'main/electron', 'main/headless'),
  },
  {
    name: 'main imports neither renderer nor preload',
    why: 'they live in other processes; what is shared is in contract',
    binds: (path) => inside(path, 'main'),
    allows: (target) => !inside(target, 'renderer', 'preload'),
  },
  {
    name: 'core never imports tools',
    why: 'tools are given to it, so that it knows effects and not tools',
    binds: (path) => inside(path, 'main/core'),
    allows: (target) => !inside(target, 'main/tools'),
  },
  {
    name: 'tool folders never import one another',
    why: 'a tool is read, changed and taken out by itself',
    binds: (path) => toolFolder(path) !== undefined,
    allows: (target, path) => toolFolder(target) === undefined || toolFolder(target) === toolFolder(path),
  },
  {
    name: 'only main/index.ts imports main/electron',
    why: 'one entry decides what runs in Electron',
    binds: (path) => inside(path, 'main') && path !== 'main/index.ts' && !inside(path, 'main/electron'),
    allows: (target) => !isElectron(target),
  },
  {
    name: 'only the command line imports main/headless',
    why: 'the core does not know who hosts it',
    binds: (path) => inside(path, 'main') && !inside(path, 'main/headless'),
    allows: (target) => !inside(target, 'main/headless'),
  },
];

function toolFolder(path: string): string | undefined {
  return /^main\/tools\/([^/]+)\//.exec(path)?.[1];
}

const IMPORTING = new Set([
  'ImportDeclaration',
  'ExportNamedDeclaration',
  'ExportAllDeclaration',
  'ImportExpression',
  'TSImportType',
]);

const SOURCES = ['contract', 'main', 'preload', 'renderer', 'bench', 'scripts', 'e2e'].flatMap((folder) =>
  filesBelow(join(ROOT, folder)).map(readSource),
);

describe('who may import whom', () => {
  test('there are sources to look at, with imports in them', () => {
    expect(SOURCES.length).toBeGreaterThan(50);
    expect(SOURCES.find((source) => source.path === 'main/composition.ts')?.imports).toContain(
      'main/core/dispatch.ts',
    );
  });

  for (const { name, why, binds, allows } of RULES) {
    test(`${name}: ${why}`, () => {
      const broken = SOURCES.filter(({ path }) => binds(path)).flatMap(({ path, imports }) =>
        imports.filter((target) => !allows(target, path)).map((target) => `${path} imports ${target}`),
      );
      expect(broken).toEqual([]);
    });
  }

  test.each([
    ['contract imports zod only', 'contract/a.ts', 'node:fs'],
    ['preload imports contract and electron only', 'preload/a.ts', 'react'],
    ['renderer imports neither main, nor Node, nor Electron', 'renderer/a.tsx', 'main/core/errors.ts'],
    ['the core imports neither Electron nor a host', 'main/store/a.ts', 'electron'],
    ['the core imports neither Electron nor a host', 'main/mcp/a.ts', 'main/headless/panel.ts'],
    ['main imports neither renderer nor preload', 'main/app.ts', 'renderer/a.ts'],
    ['core never imports tools', 'main/core/a.ts', 'main/tools/registry.ts'],
    ['tool folders never import one another', 'main/tools/git/a.ts', 'main/tools/files/b.ts'],
    ['only main/index.ts imports main/electron', 'main/app.ts', 'main/electron/tray.ts'],
    ['only the command line imports main/headless', 'main/app.ts', 'main/headless/panel.ts'],
  ])('the rule "%s" would catch %s importing %s', (name, path, target) => {
    const rule = RULES.find((one) => one.name === name);
    expect(rule?.binds(path)).toBe(true);
    expect(rule?.allows(target, path)).toBe(false);
  });
});

describe('what sources do without', () => {
  test('console: what is said to people goes through the command line, all else through the log', () => {
    const free = (path: string) => inside(path, 'main/headless', 'scripts', 'bench');
    const found = SOURCES.filter(({ path }) => !free(path)).flatMap(({ path, consoleAt }) =>
      consoleAt.map((at) => `${path}:${at}`),
    );
    expect(found).toEqual([]);
  });

  test('default exports: a name is the same wherever it is used', () => {
    // The Electron double stands in for a module that has one.
    const allowed = 'e2e/electron-double/electron.ts';
    const found = SOURCES.filter((source) => source.hasDefaultExport && source.path !== allowed);
    expect(found.map(({ path }) => path)).toEqual([]);
  });

  test('any: what is not known is unknown, until it is parsed', () => {
    expect(SOURCES.flatMap(({ path, anyAt }) => anyAt.map((at) => `${path}:${at}`))).toEqual([]);
  });
});

describe('the reader of imports', () => {
  test.each([
    ["import { a } from './b.ts';", ['main/x/b.ts']],
    ["import type { A } from '../b.ts';", ['main/b.ts']],
    ["import './b.ts';", ['main/x/b.ts']],
    ["export { a } from './b.ts';", ['main/x/b.ts']],
    ["export * from './b.ts';", ['main/x/b.ts']],
    ["const b = await import('./b.ts');", ['main/x/b.ts']],
    ["type B = import('./b.ts').B;", ['main/x/b.ts']],
    ["import electron from 'electron';", ['electron']],
    ["import { b } from '@scope/name/deep';", ['@scope/name/deep']],
    ["const text = `import { a } from './b.ts'`; // import './c.ts'", []],
  ])('%s', (code, imports) => {
    expect(read('main/x/a.ts', code).imports).toEqual(imports);
  });
});

function filesBelow(folder: string): string[] {
  let entries: ReturnType<typeof readEntries>;
  try {
    entries = readEntries(folder);
  } catch (error) {
    // A part of the layout that does not exist yet.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return entry.name === 'node_modules' || entry.name === 'fixtures' ? [] : filesBelow(path);
    return /\.tsx?$/.test(entry.name) && !/\.(d|config)\.ts$/.test(entry.name) ? [path] : [];
  });
}

function readEntries(folder: string) {
  return readdirSync(folder, { withFileTypes: true });
}

function readSource(file: string): Source {
  return read(relative(ROOT, file).split(sep).join('/'), readFileSync(file, 'utf8'));
}

function read(path: string, code: string): Source {
  const imports: string[] = [];
  const anyAt: number[] = [];
  const consoleAt: number[] = [];
  let hasDefaultExport = false;
  const line = (node: Node) => code.slice(0, Number(node.start)).split('\n').length;
  visit(parseAst(code, { lang: path.endsWith('x') ? 'tsx' : 'ts' }), (node) => {
    const { source } = node;
    if (IMPORTING.has(node.type) && isNode(source) && typeof source.value === 'string') {
      imports.push(resolveImport(path, source.value));
    }
    if (node.type === 'ExportDefaultDeclaration') hasDefaultExport = true;
    if (node.type === 'TSAnyKeyword') anyAt.push(line(node));
    if (node.type === 'MemberExpression' && isNode(node.object) && node.object.name === 'console')
      consoleAt.push(line(node));
  });
  return { path, imports, hasDefaultExport, anyAt, consoleAt };
}

function resolveImport(from: string, specifier: string): string {
  return specifier.startsWith('.') ? posix.join(dirname(from), specifier) : specifier;
}

interface Node {
  readonly type: string;
  readonly [field: string]: unknown;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function visit(value: unknown, see: (node: Node) => void): void {
  if (Array.isArray(value)) {
    for (const one of value) visit(one, see);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (isNode(value)) see(value);
  for (const field of Object.values(value)) visit(field, see);
}
