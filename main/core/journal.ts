import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { JournalEntry, Workspace } from '../../contract/entities.ts';
import type { Settings } from '../../contract/settings.ts';
import { isSamePath } from '../guard/fs-names.ts';
import { resolvePath } from '../guard/path.ts';
import type { Clock, Log, Ports } from '../ports.ts';
import {
  type JournalBody,
  type JournalRow,
  type JournalStore,
  type KeptItem,
  toEntry,
} from '../store/journal-rows.ts';
import { BlobStore } from './blobs.ts';
import { sha256Hex } from './canonical.ts';
import { FastbandError } from './errors.ts';
import { keepItems, lookAt, sameItems } from './pre-image.ts';
import { moveBack, putBack } from './put-back.ts';
import type { Journal, JournalChange, JournalTicket } from './tool.ts';

export interface JournalDeps {
  readonly rows: JournalStore;
  readonly home: string;
  readonly settings: () => Settings;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Ports['random'];
  readonly workspaces: () => readonly Workspace[];
}

const DAY_MS = 86_400_000;
/** Larger files are not read to be shown. */
const MAX_SHOWN = 4 * 1024 * 1024;
/** A kept copy without an entry may be one whose entry is just being written, so long after it was made. */
const ORPHAN_MS = 60 * 60 * 1000;

/** What every file change leaves behind, and how it is taken back. */
export class ChangeJournal {
  readonly #deps: JournalDeps;
  readonly #blobs: BlobStore;
  /** Calls that are being undone: a second one at the same time would find half of the first one's work. */
  readonly #undoing = new Set<string>();

  constructor(deps: JournalDeps) {
    this.#deps = deps;
    this.#blobs = new BlobStore(join(deps.home, 'journal'), deps.random);
  }

  /** The journal as one call sees it. */
  forCall(callId: string, about: { readonly clientName: string; readonly tool: string }): Journal {
    return { before: (change) => this.#before(callId, about, change) };
  }

  /** Newest first; of one call, in the order that they were made. */
  list({ callId, limit }: { readonly callId?: string | undefined; readonly limit: number }): JournalEntry[] {
    const { rows } = this.#deps;
    const found = callId === undefined ? rows.list(limit) : rows.ofCall(callId).slice(0, limit);
    return found.map(toEntry);
  }

  /**
   * Puts back what a call changed, last change first. Everything is checked before anything is done: where a path is
   * no longer what the call left behind, nothing is undone. Should a step fail after all, what was put back until then
   * stays so, is journalled, and a repeated undo goes on with the rest.
   *
   * @param newCallId - the undo's own id: undoing that does the call's changes again
   * @throws FastbandError `not_found`; `conflict` (changed since, undone already, no copy kept); `outside_workspace`,
   *   `read_only`, `path_refused` where the call could not make the change today either
   */
  async undo(callId: string, newCallId: string): Promise<{ restored: string[] }> {
    if (this.#undoing.has(callId)) throw new FastbandError('conflict', 'This call is being undone already.');
    this.#undoing.add(callId);
    try {
      const rows = this.#rowsToUndo(callId);
      await this.#check(rows);
      const restored: string[] = [];
      for (const row of rows) {
        await this.#undoOne(row, newCallId);
        this.#deps.rows.markUndone(row.id, newCallId);
        restored.push(row.path);
      }
      return { restored };
    } finally {
      this.#undoing.delete(callId);
    }
  }

  /**
   * What one file of a call was before and after it. Undefined: no file of that time is kept, or it is no longer what
   * the call left there.
   */
  async texts(
    callId: string,
  ): Promise<
    { entry: JournalEntry; before: Buffer | undefined; after: Buffer | undefined; changed: boolean }[]
  > {
    return Promise.all(
      this.#deps.rows.ofCall(callId).map(async (row) => {
        const { before, after, absolute, movedTo } = row.body;
        const was = before === undefined ? undefined : await this.#kept(before);
        const now = after === undefined ? undefined : await this.#there(movedTo?.absolute ?? absolute, after);
        return {
          entry: toEntry(row),
          before: was,
          after: now,
          changed: was !== undefined && now === undefined,
        };
      }),
    );
  }

  /** A file as it was kept; empty for nothing there. */
  async #kept(items: readonly KeptItem[]): Promise<Buffer | undefined> {
    const [item] = items;
    if (item === undefined) return Buffer.alloc(0);
    if (items.length > 1 || item.type !== 'file' || item.hash === undefined) return undefined;
    return this.#blobs.read(item.hash).catch(() => undefined);
  }

  /** A file as the call left it, if it is still so; empty for nothing there. */
  async #there(absolute: string, items: readonly KeptItem[]): Promise<Buffer | undefined> {
    const [item] = items;
    if (item === undefined) return Buffer.alloc(0);
    if (items.length > 1 || item.type !== 'file' || item.hash === undefined) return undefined;
    const content = await readWhole(absolute).catch(() => undefined);
    return content !== undefined && sha256Hex(content) === item.hash ? content : undefined;
  }

  /** Lets go of pre-images past their days or their room, oldest first, and of copies that belong to no entry. */
  async sweep(): Promise<void> {
    const { rows, clock, settings } = this.#deps;
    const { retentionDays, maxTotalBytes } = settings().journal;
    const entries = rows.undoable();
    const oldest = clock.now() - retentionDays * DAY_MS;
    let total = entries.reduce((sum, row) => sum + row.bytes, 0);
    let gone = 0;
    for (const row of entries) {
      if (row.at >= oldest && total <= maxTotalBytes) break;
      total -= row.bytes;
      gone++;
    }
    // The entries first: were this to stop in between, a copy too many is left, never an entry without its copy.
    rows.markRetired(entries.slice(0, gone).map((row) => row.id));
    rows.forget(oldest - retentionDays * DAY_MS);
    await this.#blobs.keepOnly(new Set(entries.slice(gone).flatMap(hashesOf)), clock.now() - ORPHAN_MS);
  }

  async #before(
    callId: string,
    { clientName, tool }: { readonly clientName: string; readonly tool: string },
    { workspace, path, absolute, op, movedTo }: JournalChange,
  ): Promise<JournalTicket> {
    const { rows, settings } = this.#deps;
    const { maxFileBytes, maxTotalBytes } = settings().journal;
    // A move carries its content along, and what is made has nothing before it: there is nothing to keep for these.
    const keeps = op === 'modify' || op === 'delete' || op === 'git-restore';
    const kept = keeps
      ? await keepItems(absolute, this.#blobs, { file: maxFileBytes, total: maxTotalBytes })
      : { items: [], bytes: 0 };
    const body: JournalBody = {
      absolute,
      ...(movedTo === undefined ? {} : { movedTo: { path: movedTo.path, absolute: movedTo.absolute } }),
      ...(kept.items === undefined ? {} : { before: kept.items }),
    };
    const undoable = kept.items !== undefined;
    const id = rows.add({ callId, clientName, tool, workspace, path, op, bytes: kept.bytes, undoable, body });
    return {
      done: async () => {
        if (!undoable) return;
        const after = await this.#lookAfter(op, movedTo?.absolute ?? absolute);
        if (after === undefined) rows.markRetired([id]);
        else rows.setBody(id, { ...body, after });
      },
    };
  }

  /** A folder that was made may hold what the same call put into it: that is for those entries to say. */
  async #lookAfter(op: JournalChange['op'], absolute: string): Promise<KeptItem[] | undefined> {
    if (op === 'mkdir') return [];
    return lookAt(absolute, op === 'move' ? 'stamp' : 'content');
  }

  /** What is left to undo of a call, last change first. */
  #rowsToUndo(callId: string): JournalRow[] {
    const all = this.#deps.rows.ofCall(callId);
    const [first] = all;
    if (first === undefined)
      throw new FastbandError('not_found', 'This call changed no file that could be put back.');
    const left = all.filter((row) => row.undoneBy === undefined).toReversed();
    if (left.length === 0) {
      throw new FastbandError(
        'conflict',
        `This was undone already. To do it again, undo ${first.undoneBy ?? 'that'}.`,
      );
    }
    return left;
  }

  async #check(rows: readonly JournalRow[]): Promise<void> {
    const own = rows.map((row) => row.body.movedTo?.absolute ?? row.body.absolute);
    const folders = new Set(rows.flatMap(foldersPutBack));
    // Of several changes to one path only the last one's result is there to be compared.
    const seen = new Set<string>();
    for (const row of rows) {
      if (!row.undoable)
        throw conflict(`${row.path} cannot be put back: no copy of it was kept, or its time is over.`);
      if (row.body.after === undefined) {
        throw conflict(
          `The call was cut off while it changed ${row.path}, so what it left is not known. Look at it by hand.`,
        );
      }
      await this.#guard(row, row.path, row.body.absolute, folders);
      if (row.body.movedTo !== undefined)
        await this.#guard(row, row.body.movedTo.path, row.body.movedTo.absolute, folders);
      for (const hash of hashesOf(row)) {
        if (!(await this.#blobs.has(hash)))
          throw conflict(`The copy of ${row.path} is gone. Nothing was undone.`);
      }
      const place = row.body.movedTo?.absolute ?? row.body.absolute;
      if (!seen.has(place)) await this.#checkUnchanged(row, place, own);
      seen.add(place).add(row.body.absolute);
    }
  }

  /**
   * The same guard as for the call itself: since then a folder may have become a link that leads out, and the
   * workspace may have been removed, made read-only, or given to another folder.
   */
  async #guard(row: JournalRow, path: string, absolute: string, folders: ReadonlySet<string>): Promise<void> {
    const { workspaces, home } = this.#deps;
    const resolved = await resolvePath(absolute, {
      workspaces: workspaces(),
      home,
      intent: 'write',
      followLast: false,
    });
    if (!isSamePath(resolved.absolute, absolute) || resolved.workspace.name !== row.workspace) {
      throw conflict(`${path} is not in the place where it was. Nothing was undone.`);
    }
    const missing = resolved.missing.map((one) => join(resolved.workspace.root, one));
    if (missing.some((one) => !folders.has(one))) {
      throw conflict(
        `The folder of ${path} is not there any more. Make it again to put the file back; nothing was undone.`,
      );
    }
  }

  /** @param own - every path that the call left behind: a folder that it made may hold these and nothing else */
  async #checkUnchanged(row: JournalRow, place: string, own: readonly string[]): Promise<void> {
    const { after = [], movedTo, absolute } = row.body;
    const now = await lookAt(place, row.op === 'move' || row.op === 'mkdir' ? 'stamp' : 'content');
    const same =
      row.op === 'mkdir'
        ? now?.[0]?.type === 'directory' &&
          now.every((item) => item.path === '.' || own.includes(join(place, item.path)))
        : now !== undefined && sameItems(after, now);
    if (!same) throw conflict(`${movedTo?.path ?? row.path} has changed since. Nothing was undone.`);
    if (movedTo !== undefined && (await lookAt(absolute, 'stamp'))?.length !== 0) {
      throw conflict(`There is something again at ${row.path}, where it was moved from. Nothing was undone.`);
    }
  }

  async #undoOne({ workspace, path, op, body }: JournalRow, newCallId: string): Promise<void> {
    const journal = this.forCall(newCallId, { clientName: 'person', tool: 'undo' });
    const { absolute, movedTo } = body;
    if (movedTo !== undefined) {
      const back = { path, absolute };
      const ticket = await journal.before({
        workspace,
        path: movedTo.path,
        absolute: movedTo.absolute,
        op: 'move',
        movedTo: back,
      });
      await moveBack(movedTo.absolute, absolute);
      await ticket.done();
      return;
    }
    const before = body.before ?? [];
    const now: KeptItem[] = op === 'mkdir' ? [{ path: '.', type: 'directory', mode: 0 }] : (body.after ?? []);
    const inverse = inverseOp(now, before);
    const ticket = await journal.before({ workspace, path, absolute, op: inverse });
    await putBack(absolute, now, before, this.#blobs);
    await ticket.done();
  }
}

function inverseOp(now: readonly KeptItem[], before: readonly KeptItem[]): JournalChange['op'] {
  if (before.length === 0) return 'delete';
  if (now.length > 0) return 'modify';
  // A folder that comes back empty is about to be filled by the entries that follow.
  return before.length === 1 && before[0]?.type === 'directory' ? 'mkdir' : 'create';
}

function conflict(message: string): FastbandError {
  return new FastbandError('conflict', message);
}

function hashesOf(row: JournalRow): string[] {
  return (row.body.before ?? []).flatMap((item) => (item.hash === undefined ? [] : [item.hash]));
}

/** Folders that will be there again once an entry is undone. */
function foldersPutBack({ body }: JournalRow): string[] {
  const kept = (body.before ?? []).filter((item) => item.type === 'directory');
  const folders = kept.map((item) => (item.path === '.' ? body.absolute : join(body.absolute, item.path)));
  return body.movedTo === undefined ? folders : [...folders, body.absolute];
}

/** A plain file's content, not through a link and not stuck on a pipe. @throws when it is none, or too large */
async function readWhole(absolute: string): Promise<Buffer> {
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const file = await open(absolute, flags);
  try {
    const { size } = await file.stat();
    if (size > MAX_SHOWN) throw new RangeError('too large to be shown');
    return await file.readFile();
  } finally {
    await file.close();
  }
}
