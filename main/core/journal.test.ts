import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { mkdir, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { WriteOp } from '../../contract/effects.ts';
import type { Workspace } from '../../contract/entities.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../contract/settings.ts';
import { openStore, type Store } from '../store/open.ts';
import { ChangeJournal } from './journal.ts';
import { silentLog } from './testing.ts';

let root: string;
let home: string;
let outside: string;
let store: Store;
let journal: ChangeJournal;
let workspaces: Workspace[];
let limits: Partial<Settings['journal']>;
let now: number;

beforeEach(() => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'fastband-journal-')));
  [root, home, outside] = [join(folder, 'ws'), join(folder, 'home'), join(folder, 'outside')];
  mkdirSync(root);
  mkdirSync(outside);
  now = Date.now();
  limits = {};
  workspaces = [{ name: 'ws', root, readOnly: false, createdAt: 0 }];
  const clock = { now: () => now, monotonic: () => 0, after: () => () => {} };
  store = openStore({ home, clock, log: silentLog });
  journal = new ChangeJournal({
    rows: store.journal,
    home,
    settings: () => ({ ...DEFAULT_SETTINGS, journal: { ...DEFAULT_SETTINGS.journal, ...limits } }),
    clock,
    log: silentLog,
    random: randomBytes,
    workspaces: () => workspaces,
  });
  onTestFinished(() => {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  });
});

const at = (path: string) => join(root, path);
const content = (path: string) => readFileSync(at(path), 'utf8');

/** Makes one change the way a tool does. */
async function change(
  callId: string,
  op: WriteOp,
  path: string,
  make: () => unknown,
  to?: string,
): Promise<void> {
  const movedTo = to === undefined ? {} : { movedTo: { path: to, absolute: at(to) } };
  const ticket = await journal
    .forCall(callId, { clientName: 'Cursor', tool: 'a_tool' })
    .before({ workspace: 'ws', path, absolute: at(path), op, ...movedTo });
  await make();
  await ticket.done();
}

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

function tree(name: string): void {
  mkdirSync(at(`${name}/deep/er`), { recursive: true });
  writeFileSync(at(`${name}/one`), 'one');
  writeFileSync(at(`${name}/deep/two`), Buffer.from([0, 255, 1, 254]));
  symlinkSync('../one', at(`${name}/deep/link`));
  chmodSync(at(`${name}/one`), 0o600);
  chmodSync(at(`${name}/deep/er`), 0o555);
}

/** Everything in the workspace: names, kinds, modes, contents. */
function picture(folder = root): unknown {
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

describe('undo puts back', () => {
  test.each(CHANGES)(
    '%s, and can itself be undone, and that too',
    async (_, { before, change: make, after }) => {
      before();
      const old = picture();
      await make();
      const changed = picture();
      expect(readdirSync(root)).toEqual(after);
      await journal.undo('c', 'u1');
      expect(picture()).toEqual(old);
      await journal.undo('u1', 'u2');
      expect(picture()).toEqual(changed);
      await journal.undo('u2', 'u3');
      expect(picture()).toEqual(old);
    },
  );

  test('says what, and what was undone by what', async () => {
    writeFileSync(at('a'), '1');
    await change('c', 'modify', 'a', () => writeFile(at('a'), '2'));
    expect(await journal.undo('c', 'u')).toEqual({ restored: ['a'] });
    expect(journal.list({ callId: 'c', limit: 9 })).toMatchObject([
      { callId: 'c', op: 'modify', path: 'a', bytes: 1, undoneBy: 'u', undoable: true, clientName: 'Cursor' },
    ]);
    expect(journal.list({ limit: 9 })).toMatchObject([
      { callId: 'u', clientName: 'person', tool: 'undo' },
      { callId: 'c' },
    ]);
    await expect(journal.undo('c', 'u9')).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('undo u'),
    });
    await expect(journal.undo('nothing', 'u9')).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('undo refuses, and changes nothing, when', () => {
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
        writeFileSync(join(outside, 'b'), 'new');
        unlinkSync(at('b'));
        symlinkSync(join(outside, 'b'), at('b'));
      },
      'conflict',
    ],
    [
      'its folder is a link out of the workspace',
      () => {
        renameSync(at('d'), join(outside, 'd'));
        symlinkSync(join(outside, 'd'), at('d'));
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
        workspaces = [];
      },
      'outside_workspace',
    ],
    [
      'the workspace has another name now',
      () => {
        workspaces = workspaces.map((one) => ({ ...one, name: 'other' }));
      },
      'conflict',
    ],
    [
      'the workspace is read-only now',
      () => {
        workspaces = workspaces.map((one) => ({ ...one, readOnly: true }));
      },
      'read_only',
    ],
    ['the kept copy is gone', () => rmSync(join(home, 'journal'), { recursive: true }), 'conflict'],
  ])('%s', async (_, meanwhile, code) => {
    await modified();
    meanwhile();
    const [inside, beside] = [picture(), picture(outside)];
    await expect(journal.undo('c', 'u')).rejects.toMatchObject({ code });
    expect([picture(), picture(outside)]).toEqual([inside, beside]);
    expect(journal.list({ callId: 'u', limit: 9 })).toEqual([]);
  });

  test('the kept copy was tampered with: nothing but the original is ever written', async () => {
    writeFileSync(at('b'), 'old');
    await change('c', 'modify', 'b', () => writeFile(at('b'), 'new'));
    const folder = join(home, 'journal');
    const [two = ''] = readdirSync(folder);
    const [blob = ''] = readdirSync(join(folder, two));
    writeFileSync(join(folder, two, blob), 'evil');
    await expect(journal.undo('c', 'u')).rejects.toMatchObject({ code: 'conflict' });
    expect(content('b')).toBe('new');
  });

  test('a folder that was made has got something in it since', async () => {
    await change('c', 'mkdir', 'x', () => mkdir(at('x')));
    writeFileSync(at('x/mine'), 'mine');
    await expect(journal.undo('c', 'u')).rejects.toMatchObject({ code: 'conflict' });
    expect(content('x/mine')).toBe('mine');
  });

  test('a moved folder has got something in it since, or its old place is taken', async () => {
    tree('x');
    await change('c', 'move', 'x', () => rename(at('x'), at('z')), 'z');
    writeFileSync(at('x'), 'mine');
    await expect(journal.undo('c', 'u')).rejects.toMatchObject({ code: 'conflict' });
    unlinkSync(at('x'));
    writeFileSync(at('z/more'), 'more');
    await expect(journal.undo('c', 'u')).rejects.toMatchObject({ code: 'conflict' });
    unlinkSync(at('z/more'));
    await journal.undo('c', 'u');
    expect(existsSync(at('x/deep/two'))).toBe(true);
  });

  test('a folder that an undo put back has changed: undoing the undo removes nothing', async () => {
    tree('x');
    await change('c', 'delete', 'x', () => rm(at('x'), { recursive: true }));
    await journal.undo('c', 'u1');
    writeFileSync(at('x/mine'), 'mine');
    await expect(journal.undo('u1', 'u2')).rejects.toMatchObject({ code: 'conflict' });
    expect(content('x/one')).toBe('one');
    expect(content('x/mine')).toBe('mine');
  });

  test('something new is where a deleted file was', async () => {
    writeFileSync(at('a'), 'old');
    await change('c', 'delete', 'a', () => unlink(at('a')));
    writeFileSync(at('a'), 'mine');
    await expect(journal.undo('c', 'u')).rejects.toMatchObject({ code: 'conflict' });
    expect(content('a')).toBe('mine');
  });

  test('the call was cut off before it said what it left', async () => {
    writeFileSync(at('a'), 'old');
    await journal
      .forCall('c', { clientName: 'Cursor', tool: 't' })
      .before({ workspace: 'ws', path: 'a', absolute: at('a'), op: 'modify' });
    writeFileSync(at('a'), 'half');
    await expect(journal.undo('c', 'u')).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('cut off'),
    });
    expect(content('a')).toBe('half');
  });

  test('it is being undone already', async () => {
    writeFileSync(at('a'), 'old');
    await change('c', 'modify', 'a', () => writeFile(at('a'), 'new'));
    const both = await Promise.allSettled([journal.undo('c', 'u1'), journal.undo('c', 'u2')]);
    expect(both.map((one) => one.status)).toEqual(['fulfilled', 'rejected']);
    expect(content('a')).toBe('old');
  });
});

describe('what is kept', () => {
  const blobs = () =>
    existsSync(join(home, 'journal'))
      ? readdirSync(join(home, 'journal'), { recursive: true, withFileTypes: true }).filter((one) =>
          one.isFile(),
        )
      : [];

  test('is on disk before the change, for this user alone, and once for the same content', async () => {
    for (const name of ['a', 'b']) writeFileSync(at(name), 'same');
    await change('c1', 'modify', 'a', () => expect(blobs()).toHaveLength(1));
    await change('c2', 'modify', 'b', () => {});
    expect(blobs()).toHaveLength(1);
    const [blob] = blobs();
    expect(statSync(join(blob?.parentPath ?? '', blob?.name ?? '')).mode & 0o777).toBe(0o600);
    expect(statSync(join(home, 'journal')).mode & 0o777).toBe(0o700);
    expect(statSync(blob?.parentPath ?? '').mode & 0o777).toBe(0o700);
  });

  test.each<[string, Partial<Settings['journal']>, boolean]>([
    ['exactly as large as may be', { maxFileBytes: 10 }, true],
    ['one byte larger', { maxFileBytes: 9 }, false],
    ['larger than all may be together', { maxTotalBytes: 9 }, false],
  ])('a file %s', async (_, some, undoable) => {
    limits = some;
    writeFileSync(at('a'), '0123456789');
    await change('c', 'modify', 'a', () => writeFile(at('a'), 'new'));
    expect(journal.list({ limit: 1 })).toMatchObject([{ undoable, bytes: undoable ? 10 : 0 }]);
    if (!undoable) {
      expect(blobs()).toEqual([]);
      await expect(journal.undo('c', 'u')).rejects.toMatchObject({ code: 'conflict' });
    }
    expect(content('a')).toBe('new');
  });

  test('a folder of which one file is too large cannot be undone, and none of it is half put back', async () => {
    limits = { maxFileBytes: 3 };
    tree('x');
    await change('c', 'delete', 'x', () => rm(at('x'), { recursive: true }));
    expect(journal.list({ limit: 1 })).toMatchObject([{ undoable: false, op: 'delete' }]);
    await expect(journal.undo('c', 'u')).rejects.toMatchObject({ code: 'conflict' });
    expect(readdirSync(root)).toEqual([]);
  });

  test('never comes from outside through a link that took the place of a folder', async () => {
    writeFileSync(join(outside, 'secret'), 'secret');
    symlinkSync(outside, at('d'));
    const before = journal
      .forCall('c', { clientName: 'Cursor', tool: 't' })
      .before({ workspace: 'ws', path: 'd/secret', absolute: at('d/secret'), op: 'modify' });
    await expect(before).rejects.toMatchObject({ code: 'changed_since_plan' });
    expect(journal.list({ limit: 9 })).toEqual([]);
    expect(existsSync(join(home, 'journal'))).toBe(false);
  });

  test('goes after its days, the entry a while later, and what an entry still needs stays', async () => {
    const day = 86_400_000;
    limits = { retentionDays: 10 };
    for (const name of ['a', 'b']) writeFileSync(at(name), `${name} only`);
    await change('old', 'modify', 'a', () => writeFile(at('a'), 'shared'));
    now += 6 * day;
    await change('new', 'modify', 'a', () => writeFile(at('a'), 'end'));
    await change('new', 'modify', 'b', () => writeFile(at('b'), 'end'));
    now += 6 * day;
    await journal.sweep();
    expect(blobs()).toHaveLength(2);
    expect(journal.list({ callId: 'old', limit: 1 })).toMatchObject([{ undoable: false, bytes: 0 }]);
    await expect(journal.undo('old', 'u')).rejects.toMatchObject({ code: 'conflict' });
    await journal.undo('new', 'u');
    expect([content('a'), content('b')]).toEqual(['shared', 'b only']);
    now += 9 * day;
    await journal.sweep();
    expect(journal.list({ callId: 'old', limit: 1 })).toEqual([]);
    expect(journal.list({ callId: 'new', limit: 1 })).toHaveLength(1);
  });

  test('goes oldest first when all together are too much', async () => {
    for (const name of ['a', 'b', 'c']) {
      writeFileSync(at(name), name.repeat(100));
      await change(name, 'modify', name, () => writeFile(at(name), 'end'));
    }
    limits = { maxTotalBytes: 250 };
    now += 2 * 60 * 60 * 1000;
    await journal.sweep();
    expect(journal.list({ limit: 9 }).map((one) => [one.path, one.undoable])).toEqual([
      ['c', true],
      ['b', true],
      ['a', false],
    ]);
    expect(blobs()).toHaveLength(2);
  });

  test('and what a kill left behind is swept, but not what may be on its way into an entry', async () => {
    const folder = join(home, 'journal', 'ab');
    mkdirSync(folder, { recursive: true });
    for (const name of [join(folder, `ab${'0'.repeat(62)}`), join(dirname(folder), 'tmp_left')]) {
      writeFileSync(name, 'x');
      utimesSync(name, now / 1000 - 7200, now / 1000 - 7200);
    }
    writeFileSync(join(folder, `ab${'1'.repeat(62)}`), 'young');
    await journal.sweep();
    expect(blobs().map((one) => one.name)).toEqual([`ab${'1'.repeat(62)}`]);
  });
});
