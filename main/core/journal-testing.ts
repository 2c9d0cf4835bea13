import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { WriteOp } from '../../contract/effects.ts';
import type { Workspace } from '../../contract/entities.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../contract/settings.ts';
import { openStore } from '../store/open.ts';
import { ChangeJournal } from './journal.ts';
import { silentLog } from './testing.ts';

/** A workspace, a home and a journal of their own for one test, all real. */
export class JournalWorld {
  readonly root: string;
  readonly home: string;
  readonly outside: string;
  readonly journal: ChangeJournal;
  workspaces: Workspace[];
  limits: Partial<Settings['journal']> = {};
  now = Date.now();

  constructor() {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'fastband-journal-')));
    this.root = join(folder, 'ws');
    this.home = join(folder, 'home');
    this.outside = join(folder, 'outside');
    mkdirSync(this.root);
    mkdirSync(this.outside);
    this.workspaces = [{ name: 'ws', root: this.root, readOnly: false, createdAt: 0 }];
    const clock = { now: () => this.now, monotonic: () => 0, after: () => () => {} };
    const store = openStore({ home: this.home, clock, log: silentLog });
    this.journal = new ChangeJournal({
      rows: store.journal,
      home: this.home,
      settings: () => ({ ...DEFAULT_SETTINGS, journal: { ...DEFAULT_SETTINGS.journal, ...this.limits } }),
      clock,
      log: silentLog,
      random: randomBytes,
      workspaces: () => this.workspaces,
    });
    onTestFinished(() => {
      store.close();
      rmSync(folder, { recursive: true, force: true });
    });
  }

  at(path: string): string {
    return join(this.root, path);
  }

  content(path: string): string {
    return readFileSync(this.at(path), 'utf8');
  }

  /** Makes one change the way a tool does. */
  async change(callId: string, op: WriteOp, path: string, make: () => unknown, to?: string): Promise<void> {
    const movedTo = to === undefined ? {} : { movedTo: { path: to, absolute: this.at(to) } };
    const ticket = await this.journal
      .forCall(callId, { clientName: 'Cursor', tool: 'a_tool' })
      .before({ workspace: 'ws', path, absolute: this.at(path), op, ...movedTo });
    await make();
    await ticket.done();
  }

  /** A folder with files, a link, bytes that are no text, and modes that are not the usual ones. */
  tree(name: string): void {
    mkdirSync(this.at(`${name}/deep/er`), { recursive: true });
    writeFileSync(this.at(`${name}/one`), 'one');
    writeFileSync(this.at(`${name}/deep/two`), Buffer.from([0, 255, 1, 254]));
    symlinkSync('../one', this.at(`${name}/deep/link`));
    chmodSync(this.at(`${name}/one`), 0o600);
    chmodSync(this.at(`${name}/deep/er`), 0o555);
  }
}
