import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { npmCommand, ROOT } from './node.mjs';
import { ensurePackages, PEERS } from './setup.mjs';

let work;
let project;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'fastband-scripts-'));
  project = join(work, 'project');
  mkdirSync(project);
  for (const name of ['named', 'refused', 'unnamed']) pack(name);
  const dependencies = {
    named: 'file:../named-1.0.0.tgz',
    refused: 'file:../refused-1.0.0.tgz',
    unnamed: 'file:../unnamed-1.0.0.tgz',
  };
  const allowScripts = { named: true, refused: false };
  json(join(project, 'package.json'), { name: 'project', version: '1.0.0', dependencies, allowScripts });
  npm(project, 'install', '--package-lock-only', '--ignore-scripts', '--offline');
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

const json = (file, value) => writeFileSync(file, JSON.stringify(value));
const ran = (name) => existsSync(join(project, 'node_modules', name, 'ran'));

/** A package whose scripts leave a file behind. */
function pack(name) {
  const folder = join(work, name);
  mkdirSync(folder);
  const script = `node -e "require('node:fs').writeFileSync('ran', '')"`;
  json(join(folder, 'package.json'), {
    name,
    version: '1.0.0',
    scripts: { preinstall: script, install: script, postinstall: script },
  });
  npm(work, 'pack', '--ignore-scripts', `./${name}`);
}

function npm(cwd, ...what) {
  const [command, ...args] = npmCommand();
  const { status, stderr } = spawnSync(command, [...args, ...what, '--no-audit', '--no-fund'], {
    cwd,
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
}

describe('install scripts [DEP-3]', () => {
  test('run by the set-up for the packages that are named, and for no other', () => {
    ensurePackages(project);
    expect({ named: ran('named'), refused: ran('refused'), unnamed: ran('unnamed') }).toEqual({
      named: true,
      refused: false,
      unnamed: false,
    });
  });

  test.each([
    ['Fastband', ROOT],
    ['the peers', PEERS],
  ])('do not run where a person runs npm in the folder of %s', (_name, folder) => {
    copyFileSync(join(folder, '.npmrc'), join(project, '.npmrc'));
    npm(project, 'ci', '--offline');
    expect(readFileSync(join(project, 'node_modules', 'unnamed', 'package.json'), 'utf8')).toContain(
      'unnamed',
    );
    expect(['named', 'refused', 'unnamed'].filter(ran)).toEqual([]);
  });
});
