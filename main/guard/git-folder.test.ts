import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refuseOutsideData } from './git-folder.ts';

let base: string;
const root = (...names: string[]) => join(base, 'ws', ...names);
const dotGit = (...names: string[]) => root('.git', ...names);
/** A private repository, which nothing in the workspace may lead to. */
const outside = (...names: string[]) => join(base, 'outside', ...names);
const git = (folder: string, ...args: string[]) =>
  execFileSync('git', ['-C', folder, '-c', 'user.name=Ada', '-c', 'user.email=a@b', ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
    encoding: 'utf8',
    env: { PATH: process.env.PATH, GIT_CONFIG_NOSYSTEM: '1' },
  }).trim();

function repository(folder: string): void {
  mkdirSync(folder, { recursive: true });
  git(folder, 'init', '-q', '-b', 'main');
  writeFileSync(join(folder, 'a.txt'), folder);
  git(folder, 'add', '.');
  git(folder, 'commit', '-q', '-m', 'first');
}

beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'fastband-git-')));
  repository(root());
  repository(outside());
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

/** A link in the place of a part of `.git`, to the same part of the private repository. */
const linked = (part: string) => () => {
  rmSync(dotGit(part), { recursive: true, force: true });
  mkdirSync(join(dotGit(part), '..'), { recursive: true });
  symlinkSync(outside('.git', part), dotGit(part));
};
const inPlaceOfGit = (text: string) => {
  rmSync(dotGit(), { recursive: true });
  writeFileSync(dotGit(), text);
};
const borrows = (store: string, text: string) => {
  mkdirSync(join(store, 'info'), { recursive: true });
  appendFileSync(join(store, 'info', 'alternates'), text);
};
const judged = (writing = true, limit = root()) => refuseOutsideData(root(), limit, writing);

describe('a repository whose data is not its own is refused [FS-1 GIT-1]', () => {
  const parts = [
    'objects',
    'objects/pack',
    'objects/info',
    'objects/aa',
    'objects/pack/pack-1.pack',
    'refs',
    'refs/heads',
    'refs/heads/main',
    'refs/remotes/origin/deep/down/main',
    'logs',
    'logs/HEAD',
    'logs/refs/heads',
    'logs/refs/heads/main',
    'logs/refs/heads/deep/down/branch',
    'HEAD',
    'index',
    'config',
    'config.worktree',
    'packed-refs',
    'info',
    'info/exclude',
    'info/attributes',
    'info/grafts',
    'shallow',
    'ORIG_HEAD',
    'FETCH_HEAD',
    'MERGE_HEAD',
    'MERGE_MSG',
    'COMMIT_EDITMSG',
    'sharedindex.1',
    'worktrees',
    'worktrees/x/HEAD',
    'rebase-merge',
    'a name that is none of git’s',
  ];
  const cases: [string, () => void][] = [
    ...parts.map((part): [string, () => void] => [`a link at ${part}`, linked(part)]),
    ['a link within .git', () => symlinkSync('main', dotGit('refs/heads/other'))],
    ['a link to nothing yet', () => symlinkSync(outside('new'), dotGit('refs/heads/new'))],
    [
      'a loose object that is a link',
      () => {
        const hash = git(outside(), 'rev-parse', 'HEAD');
        const name = join('objects', hash.slice(0, 2), hash.slice(2));
        mkdirSync(join(dotGit(name), '..'), { recursive: true });
        symlinkSync(outside('.git', name), dotGit(name));
      },
    ],
    [
      'a log that is another file too',
      () => {
        rmSync(dotGit('logs/HEAD'));
        writeFileSync(outside('.bashrc'), 'mine\n');
        linkSync(outside('.bashrc'), dotGit('logs/HEAD'));
      },
    ],
    ['a pipe, which would be waited for', () => void execFileSync('mkfifo', [dotGit('MERGE_HEAD')])],
    ['a pipe as commondir', () => void execFileSync('mkfifo', [dotGit('commondir')])],
    ['a .git file that points outside', () => inPlaceOfGit(`gitdir: ${outside('.git')}\n`)],
    ['a .git file that points outside by ..', () => inPlaceOfGit('gitdir: ../outside/.git\n')],
    [
      'a .git file of two lines, which git reads as one name',
      () => {
        renameSync(dotGit(), root('good'));
        symlinkSync(outside('.git'), root('good\nx'));
        writeFileSync(dotGit(), 'gitdir: good\nx');
      },
    ],
    [
      'a .git file with a space at its end, which git keeps',
      () => {
        renameSync(dotGit(), root('good'));
        symlinkSync(outside('.git'), root('good '));
        writeFileSync(dotGit(), 'gitdir: good \n');
      },
    ],
    [
      'a .git file that points beside what a link leads to',
      () => {
        cpSync(dotGit(), root('.own'), { recursive: true });
        rmSync(dotGit(), { recursive: true });
        renameSync(outside('.git'), join(base, '.own'));
        symlinkSync(outside(), root('link'));
        writeFileSync(dotGit(), 'gitdir: link/../.own\n');
      },
    ],
    ['a common folder outside', () => writeFileSync(dotGit('commondir'), `${outside('.git')}\n`)],
    [
      'a common folder with a space before it, which git keeps',
      () => {
        mkdirSync(root('good'));
        symlinkSync(outside('.git'), dotGit(' good'));
        writeFileSync(dotGit('commondir'), ' good');
      },
    ],
    [
      'a common folder with a link in it',
      () => {
        renameSync(dotGit(), root('common'));
        mkdirSync(dotGit());
        writeFileSync(dotGit('HEAD'), 'ref: refs/heads/main\n');
        writeFileSync(dotGit('commondir'), '../common\n');
        rmSync(root('common/objects'), { recursive: true });
        symlinkSync(outside('.git/objects'), root('common/objects'));
      },
    ],
    ['objects borrowed from outside', () => borrows(dotGit('objects'), `${outside('.git/objects')}\n`)],
    ['objects borrowed by ..', () => borrows(dotGit('objects'), '../../../outside/.git/objects\n')],
    ['objects borrowed in quotes', () => borrows(dotGit('objects'), `"${outside('.git/objects')}"\n`)],
    [
      'objects borrowed under a name of one space',
      () => {
        borrows(dotGit('objects'), ' \n');
        symlinkSync(outside('.git/objects'), dotGit('objects/ '));
      },
    ],
    [
      'objects borrowed beside what a link leads to',
      () => {
        symlinkSync(outside('.git/objects'), root('link'));
        mkdirSync(root('info'));
        borrows(dotGit('objects'), '../../link/../info\n');
      },
    ],
    [
      'objects borrowed from one that borrows outside',
      () => {
        borrows(dotGit('objects'), '../../one\n');
        borrows(root('one'), '../two\n');
        borrows(root('two'), `# a comment\n${outside('.git/objects')}\n`);
      },
    ],
    [
      'objects borrowed from one that holds a link',
      () => {
        borrows(dotGit('objects'), `${root('one')}\n`);
        mkdirSync(root('one'));
        symlinkSync(outside('.git/objects/pack'), root('one/pack'));
      },
    ],
    [
      'objects borrowed from one another without end',
      () => {
        for (let i = 0; i < 40; i++) borrows(root(`s${i}`), `../s${i + 1}\n`);
        mkdirSync(root('s40'));
        borrows(dotGit('objects'), '../../s0\n');
      },
    ],
  ];

  it.each(cases)('%s', async (_, set) => {
    set();
    await expect(judged()).rejects.toMatchObject({ code: 'git_refused' });
  });

  it('more loose files than are looked through', async () => {
    const folder = dotGit('refs/heads/many');
    mkdirSync(folder);
    execFileSync('sh', ['-c', 'seq 1 50001 | xargs touch'], { cwd: folder });
    await expect(judged()).rejects.toMatchObject({ message: expect.stringContaining('git gc') });
  }, 60_000);
});

describe('a repository that git made is not refused', () => {
  it.each([
    ['a plain one', () => {}],
    ['one that was packed', () => git(root(), 'gc', '-q')],
    [
      'one with links among its hooks, which are never run',
      () => symlinkSync('../../a.txt', dotGit('hooks/pre-commit')),
    ],
    ['one that borrows from another of the workspace', () => borrows(dotGit('objects'), '../../other\n')],
    ['one that borrows from nothing', () => borrows(dotGit('objects'), '# none\n\n')],
  ] as [string, () => void][])('%s', async (_, set) => {
    mkdirSync(root('other'));
    set();
    await expect(judged()).resolves.toBeUndefined();
  });

  it('a worktree, and a submodule', async () => {
    git(root(), 'worktree', 'add', '-q', root('tree'));
    git(root(), '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', outside(), 'sub');
    for (const folder of ['', 'tree', 'sub'])
      await expect(refuseOutsideData(root(folder), root(), true)).resolves.toBeUndefined();
    // From within the submodule alone its data is outside.
    await expect(refuseOutsideData(root('sub'), root('sub'), true)).rejects.toMatchObject({
      code: 'git_refused',
    });
  });
});
