import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { z } from 'zod';
import type { Licence } from '../contract/about.ts';

const Manifest = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string().default('unknown'),
  author: z.union([z.string(), z.object({ name: z.string() })]).optional(),
});

/** What must go with a copy: the licence, and Apache's notice. */
const TEXTS = /^(licen[cs]e|copying|notice)([.-].*)?$/i;

/** The folder of the package that a bundled file is of; undefined for our own, and for what a bundler made up. */
export function packageOf(file: string): string | undefined {
  const parts = file.split(sep === '\\' ? /[\\/]/ : '/');
  const at = parts.lastIndexOf('node_modules');
  // Bundlers mark made-up modules with a NUL.
  if (at === -1 || file.startsWith('\0')) return undefined;
  const length = parts[at + 1]?.startsWith('@') ? 3 : 2;
  return parts.slice(0, at + length).join('/');
}

/**
 * Name, version, licence and its text of each package, sorted; one of each version.
 *
 * @param root - the project's own folder
 * @param folders - the packages', absolute or within `root`
 * @returns `unknown` where a package names no licence; where it brings no text, MIT's for those under it, else none
 */
export async function licencesOf(root: string, folders: Iterable<string>): Promise<Licence[]> {
  const found = new Map<string, Licence>();
  for (const folder of folders) {
    const one = await licenceOf(resolve(root, folder), root);
    found.set(`${one.name}@${one.version}`, one);
  }
  return [...found.values()].sort(
    (a, b) => a.name.localeCompare(b.name, 'en') || a.version.localeCompare(b.version, 'en'),
  );
}

async function licenceOf(folder: string, root: string): Promise<Licence> {
  const { name, version, license, author } = Manifest.parse(
    JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')),
  );
  const files = (await readdir(folder)).filter((file) => TEXTS.test(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  const text = texts.map((one) => one.trim()).join('\n\n');
  if (text !== '' || license !== 'MIT') return { name, version, licence: license, text };
  // The licence is named and its text left out: it is the same as this project's own, but for whose it is.
  const holder = typeof author === 'string' ? author : (author?.name ?? `the authors of ${name}`);
  const own = await readFile(join(root, 'LICENSE'), 'utf8');
  return {
    name,
    version,
    licence: license,
    text: own.replace(/^Copyright.*$/m, `Copyright (c) ${holder}`).trim(),
  };
}

/** The native packages' folders, with the one of ripgrep's program for this machine; without what is not installed. */
export function nativePackages(root: string): string[] {
  return [
    'better-sqlite3',
    'keytar',
    'playwright-core',
    '@vscode/ripgrep',
    `@vscode/ripgrep-${process.platform}-${process.arch}`,
    'electron',
  ]
    .map((name) => join(root, 'node_modules', name))
    .filter((folder) => existsSync(folder));
}
