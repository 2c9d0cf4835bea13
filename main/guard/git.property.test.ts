import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anyText, runs } from '../core/property-testing.ts';
import { plainRevision } from './git.ts';

const revision = fc.oneof(
  anyText(30),
  fc
    .tuple(
      fc.constantFrom('', '-', '--', '^', ':', '@', 'HEAD', 'main', 'refs/heads/main'),
      fc.constantFrom(
        '',
        '~1',
        '^{commit}',
        '@{0}',
        ':a.txt',
        '..main',
        '\n-x',
        '\0',
        '--output=x',
        '{/secret}',
      ),
    )
    .map((parts) => parts.join('')),
);

const plain = (text: string) => {
  try {
    return plainRevision(text);
  } catch (error) {
    expect(error).toMatchObject({ code: 'invalid_input' });
    return undefined;
  }
};

describe('a revision that passes [GIT-3]', () => {
  test('is no option, names no file, and is one word', () => {
    fc.assert(
      fc.property(revision, (text) => {
        const passed = plain(text);
        if (passed === undefined) return;
        expect(passed).toBe(text);
        expect(passed).toMatch(/^[^-]/);
        expect(passed).not.toMatch(/[\0\n\r:]/);
      }),
      runs(3000),
    );
  });
});

describe('git itself', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'fastband-git-'));
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', folder, '-c', 'user.name=Ada', '-c', 'user.email=a@b', ...args], {
        stdio: 'ignore',
      });
    git('init', '-q', '-b', 'main');
    writeFileSync(join(folder, 'a.txt'), 'SECRET WORDS');
    git('add', '.');
    git('commit', '-qm', 'one');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('makes a commit of it or nothing: no file is written, no content is told', () => {
    fc.assert(
      fc.property(revision, (text) => {
        const passed = plain(text);
        if (passed === undefined) return;
        let told = '';
        try {
          told = execFileSync(
            'git',
            ['-C', folder, 'rev-parse', '--verify', '--quiet', '--end-of-options', `${passed}^{commit}`],
            { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
          );
        } catch {
          return;
        }
        expect(told).toMatch(/^[0-9a-f]{40}\n$/);
        expect(readdirSync(folder).sort()).toEqual(['.git', 'a.txt']);
      }),
      runs(80),
    );
  });
});
