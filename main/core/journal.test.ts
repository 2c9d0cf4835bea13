import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { mkdir, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { JournalWorld } from './journal-testing.ts';

let world: JournalWorld;

beforeEach(() => {
  world = new JournalWorld();
});

const at = (path: string) => world.at(path);
const content = (path: string) => world.content(path);
const change: JournalWorld['change'] = (...change) => world.change(...change);
const tree = (name: string) => world.tree(name);

const CHANGES: readonly [string, { before(): void; change(): Promise<void>; after: string[] }][] = [
  [
    'a file made',
    {
      before() {},
      change: () => change('c', 'create', 'new.txt', () => writeFile(at('new.txt'), 'new')),
      after: ['new.txt'],
    },
  ],
  [
    'a file changed',
    {
      before: () => writeFileSync(at('a.txt'), 'old'),
      change: () => change('c', 'modify', 'a.txt', () => writeFile(at('a.txt'), 'new')),
      after: ['a.txt'],
    },
  ],
  [
    'a file restored by git',
    {
      before: () => writeFileSync(at('a.txt'), 'old'),
      change: () => change('c', 'git-restore', 'a.txt', () => writeFile(at('a.txt'), 'new')),
      after: ['a.txt'],
    },
  ],
  [
    'a file that git restored from nothing',
    {
      before() {},
      change: () => change('c', 'git-restore', 'a.txt', () => writeFile(at('a.txt'), 'new')),
      after: ['a.txt'],
    },
  ],
  [
    'a file deleted',
    {
      before: () => {
        writeFileSync(at('run.sh'), 'old');
        chmodSync(at('run.sh'), 0o750);
      },
      change: () => change('c', 'delete', 'run.sh', () => unlink(at('run.sh'))),
      after: [],
    },
  ],
  [
    'a link deleted',
    {
      before: () => symlinkSync('/nowhere/at/all', at('link')),
      change: () => change('c', 'delete', 'link', () => unlink(at('link'))),
      after: [],
    },
  ],
  [
    'a folder made',
    {
      before() {},
      change: async () => {
        await change('c', 'mkdir', 'x', () => mkdir(at('x')));
        await change('c', 'mkdir', 'x/y', () => mkdir(at('x/y')));
      },
      after: ['x'],
    },
  ],
  [
    'a folder and a file in it made',
    {
      before() {},
      change: async () => {
        await change('c', 'mkdir', 'x', () => mkdir(at('x')));
        await change('c', 'create', 'x/f', () => writeFile(at('x/f'), 'f'));
      },
      after: ['x'],
    },
  ],
  [
    'a file moved',
    {
      before: () => writeFileSync(at('a.txt'), 'old'),
      change: () => change('c', 'move', 'a.txt', () => rename(at('a.txt'), at('b.txt')), 'b.txt'),
      after: ['b.txt'],
    },
  ],
  [
    'a folder moved',
    {
      before: () => tree('x'),
      change: () => change('c', 'move', 'x', () => rename(at('x'), at('z')), 'z'),
      after: ['z'],
    },
  ],
  [
    'a folder deleted with all in it',
    {
      before: () => tree('x'),
      change: () => change('c', 'delete', 'x', () => rm(at('x'), { recursive: true })),
      after: [],
    },
  ],
  [
    'one file changed twice and then deleted',
    {
      before: () => writeFileSync(at('a.txt'), 'old'),
      change: async () => {
        await change('c', 'modify', 'a.txt', () => writeFile(at('a.txt'), 'one'));
        await change('c', 'modify', 'a.txt', () => writeFile(at('a.txt'), 'two'));
        await change('c', 'delete', 'a.txt', () => unlink(at('a.txt')));
      },
      after: [],
    },
  ],
];

/** Everything in the workspace: names, kinds, modes, contents. */
function picture(folder = world.root): unknown {
  return readdirSync(folder)
    .sort()
    .map((name) => {
      const path = join(folder, name);
      const info = lstatSync(path);
      if (info.isSymbolicLink()) return [name, 'link', readlinkSync(path)];
      if (info.isDirectory()) return [name, info.mode & 0o777, picture(path)];
      return [name, info.mode & 0o777, readFileSync(path, 'hex')];
    });
}

describe('undo puts back [FS-6]', () => {
  test.each(CHANGES)(
    '%s, and can itself be undone, and that too',
    async (_, { before, change: make, after }) => {
      before();
      const old = picture();
      await make();
      const changed = picture();
      expect(readdirSync(world.root)).toEqual(after);
      await world.journal.undo('c', 'u1');
      expect(picture()).toEqual(old);
      await world.journal.undo('u1', 'u2');
      expect(picture()).toEqual(changed);
      await world.journal.undo('u2', 'u3');
      expect(picture()).toEqual(old);
    },
  );

  test('says what, and what was undone by what', async () => {
    writeFileSync(at('a'), '1');
    await change('c', 'modify', 'a', () => writeFile(at('a'), '2'));
    expect(await world.journal.undo('c', 'u')).toEqual({ restored: ['a'] });
    expect(world.journal.list({ callId: 'c', limit: 9 })).toMatchObject([
      { callId: 'c', op: 'modify', path: 'a', bytes: 1, undoneBy: 'u', undoable: true, clientName: 'Cursor' },
    ]);
    expect(world.journal.list({ limit: 9 })).toMatchObject([
      { callId: 'u', clientName: 'person', tool: 'undo' },
      { callId: 'c' },
    ]);
    await expect(world.journal.undo('c', 'u9')).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('undo u'),
    });
    await expect(world.journal.undo('nothing', 'u9')).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('undo refuses, and changes nothing, when [FS-6]', () => {
  const modified = async () => {
    mkdirSync(at('d'));
    writeFileSync(at('d/a'), 'old');
    writeFileSync(at('b'), 'old');
    await change('c', 'modify', 'b', () => writeFile(at('b'), 'new'));
    await change('c', 'modify', 'd/a', () => writeFile(at('d/a'), 'new'));
  };

  test.each<[string, () => void, string]>([
    ['the content is another', () => writeFileSync(at('b'), 'newer'), 'conflict'],
    ['the mode is another', () => chmodSync(at('b'), 0o600), 'conflict'],
    ['the file is gone', () => unlinkSync(at('b')), 'conflict'],
    [
      'a folder is in its place',
      () => {
        unlinkSync(at('b'));
        mkdirSync(at('b'));
      },
      'conflict',
    ],
    [
      'a link to the same content is in its place',
      () => {
        writeFileSync(join(world.outside, 'b'), 'new');
        unlinkSync(at('b'));
        symlinkSync(join(world.outside, 'b'), at('b'));
      },
      'conflict',
    ],
    [
      'its folder is a link out of the workspace',
      () => {
        renameSync(at('d'), join(world.outside, 'd'));
        symlinkSync(join(world.outside, 'd'), at('d'));
      },
      'outside_workspace',
    ],
    [
      'its folder is a link to elsewhere in the workspace',
      () => {
        renameSync(at('d'), at('e'));
        symlinkSync('e', at('d'));
      },
      'conflict',
    ],
    ['its folder is gone', () => rmSync(at('d'), { recursive: true }), 'conflict'],
    [
      'the workspace is gone',
      () => {
        world.workspaces = [];
      },
      'outside_workspace',
    ],
    [
      'the workspace has another name now',
      () => {
        world.workspaces = world.workspaces.map((one) => ({ ...one, name: 'other' }));
      },
      'conflict',
    ],
    [
      'the workspace is read-only now',
      () => {
        world.workspaces = world.workspaces.map((one) => ({ ...one, readOnly: true }));
      },
      'read_only',
    ],
    ['the kept copy is gone', () => rmSync(join(world.home, 'journal'), { recursive: true }), 'conflict'],
  ])('%s', async (_, meanwhile, code) => {
    await modified();
    meanwhile();
    const [inside, beside] = [picture(), picture(world.outside)];
    await expect(world.journal.undo('c', 'u')).rejects.toMatchObject({ code });
    expect([picture(), picture(world.outside)]).toEqual([inside, beside]);
    expect(world.journal.list({ callId: 'u', limit: 9 })).toEqual([]);
  });

  test('the kept copy was tampered with: nothing but the original is ever written', async () => {
    writeFileSync(at('b'), 'old');
    await change('c', 'modify', 'b', () => writeFile(at('b'), 'new'));
    const folder = join(world.home, 'journal');
    const [two = ''] = readdirSync(folder);
    const [blob = ''] = readdirSync(join(folder, two));
    writeFileSync(join(folder, two, blob), 'evil');
    await expect(world.journal.undo('c', 'u')).rejects.toMatchObject({ code: 'conflict' });
    expect(content('b')).toBe('new');
  });

  test('a folder that was made has got something in it since', async () => {
    await change('c', 'mkdir', 'x', () => mkdir(at('x')));
    writeFileSync(at('x/mine'), 'mine');
    await expect(world.journal.undo('c', 'u')).rejects.toMatchObject({ code: 'conflict' });
    expect(content('x/mine')).toBe('mine');
  });

  test('a moved folder has got something in it since, or its old place is taken', async () => {
    tree('x');
    await change('c', 'move', 'x', () => rename(at('x'), at('z')), 'z');
    writeFileSync(at('x'), 'mine');
    await expect(world.journal.undo('c', 'u')).rejects.toMatchObject({ code: 'conflict' });
    unlinkSync(at('x'));
    writeFileSync(at('z/more'), 'more');
    await expect(world.journal.undo('c', 'u')).rejects.toMatchObject({ code: 'conflict' });
    unlinkSync(at('z/more'));
    await world.journal.undo('c', 'u');
    expect(existsSync(at('x/deep/two'))).toBe(true);
  });

  test('a folder that an undo put back has changed: undoing the undo removes nothing', async () => {
    tree('x');
    await change('c', 'delete', 'x', () => rm(at('x'), { recursive: true }));
    await world.journal.undo('c', 'u1');
    writeFileSync(at('x/mine'), 'mine');
    await expect(world.journal.undo('u1', 'u2')).rejects.toMatchObject({ code: 'conflict' });
    expect(content('x/one')).toBe('one');
    expect(content('x/mine')).toBe('mine');
  });

  test('something new is where a deleted file was', async () => {
    writeFileSync(at('a'), 'old');
    await change('c', 'delete', 'a', () => unlink(at('a')));
    writeFileSync(at('a'), 'mine');
    await expect(world.journal.undo('c', 'u')).rejects.toMatchObject({ code: 'conflict' });
    expect(content('a')).toBe('mine');
  });

  test('the call was cut off before it said what it left', async () => {
    writeFileSync(at('a'), 'old');
    await world.journal
      .forCall('c', { clientName: 'Cursor', tool: 't' })
      .before({ workspace: 'ws', path: 'a', absolute: at('a'), op: 'modify' });
    writeFileSync(at('a'), 'half');
    await expect(world.journal.undo('c', 'u')).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('cut off'),
    });
    expect(content('a')).toBe('half');
  });

  test('it is being undone already', async () => {
    writeFileSync(at('a'), 'old');
    await change('c', 'modify', 'a', () => writeFile(at('a'), 'new'));
    const both = await Promise.allSettled([world.journal.undo('c', 'u1'), world.journal.undo('c', 'u2')]);
    expect(both.map((one) => one.status)).toEqual(['fulfilled', 'rejected']);
    expect(content('a')).toBe('old');
  });
});
