import { join } from 'node:path';
import type { JournalEntry, Workspace } from '../../contract/entities.ts';
import type { Settings } from '../../contract/settings.ts';
import type { Clock, Log, Ports } from '../ports.ts';
import {
  type JournalBody,
  type JournalRow,
  type JournalStore,
  type KeptItem,
  toEntry,
} from '../store/journal-rows.ts';
import { BlobStore } from './blobs.ts';
import { FastbandError } from './errors.ts';
import { keepItems, lookAt, putBack, removeItems, sameItems } from './pre-image.ts';
import type { Journal, JournalChange } from './tool.ts';
import { isWithin } from './within.ts';

export interface JournalDeps {
  readonly rows: JournalStore;
  readonly home: string;
  readonly settings: () => Settings;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Ports['random'];
  readonly workspaces: () => readonly Workspace[];
}

/** What every file change leaves behind, and how it is taken back. */
export class ChangeJournal {
  readonly #deps: JournalDeps;
  readonly #blobs: BlobStore;

  constructor(deps: JournalDeps) {
    this.#deps = deps;
    this.#blobs = new BlobStore(join(deps.home, 'journal'), deps.random);
  }

  /** The journal as one call sees it. */
  forCall(callId: string, about: { readonly clientName: string; readonly tool: string }): Journal {
    return { before: (change) => this.#before(callId, about, change) };
  }

  list({ callId, limit }: { readonly callId?: string | undefined; readonly limit: number }): JournalEntry[] {
    const rows =
      callId === undefined ? this.#deps.rows.list(limit) : this.#deps.rows.ofCall(callId).slice(0, limit);
    return rows.map(toEntry);
  }

  /**
   * Puts back what a call changed, last change first. Everything is checked before anything is done: where a path is
   * no longer what the call left behind, nothing is undone.
   *
   * @param newCallId - the undo's own id: undoing that does the call's changes again
   * @throws FastbandError `not_found`, `conflict`
   */
  async undo(callId: string, newCallId: string): Promise<{ restored: string[] }> {
    const rows = this.#deps.rows.ofCall(callId).toReversed();
    if (rows.length === 0)
      throw new FastbandError('not_found', 'This call changed no file that could be put back.');
    for (const row of rows) this.#checkUndoable(row);
    // Later changes of one call may build on earlier ones, so only the state that each path ended in can be compared.
    const seen = new Set<string>();
    const own = rows.map((row) => row.body.movedTo?.absolute ?? row.body.absolute);
    for (const row of rows) {
      if (!seen.has(row.path)) await this.#checkUnchanged(row, own);
      seen.add(row.path);
    }
    const restored: string[] = [];
    for (const row of rows) {
      await this.#undoOne(row, newCallId);
      restored.push(row.path);
    }
    this.#deps.rows.markUndone(callId, newCallId);
    return { restored };
  }

  /** Lets go of pre-images past their days or their room, oldest first. */
  async sweep(): Promise<void> {
    const { retentionDays, maxTotalBytes } = this.#deps.settings().journal;
    const rows = this.#deps.rows.undoable();
    const oldest = this.#deps.clock.now() - retentionDays * 86_400_000;
    let total = rows.reduce((sum, row) => sum + row.bytes, 0);
    const gone: JournalRow[] = [];
    for (const row of rows) {
      if (row.at >= oldest && total <= maxTotalBytes) break;
      gone.push(row);
      total -= row.bytes;
    }
    this.#deps.rows.markRetired(gone.map((row) => row.id));
    const kept = new Set(rows.slice(gone.length).flatMap(hashesOf));
    for (const hash of new Set(gone.flatMap(hashesOf))) if (!kept.has(hash)) await this.#blobs.drop(hash);
  }

  async #before(
    callId: string,
    { clientName, tool }: { readonly clientName: string; readonly tool: string },
    change: JournalChange,
  ) {
    const { rows, settings } = this.#deps;
    const { workspace, path, absolute, op, movedTo } = change;
    // A move carries its content along, and what is made has nothing before it: there is nothing to keep for these.
    const keeps = op === 'modify' || op === 'delete' || op === 'git-restore';
    const kept = keeps
      ? await keepItems(absolute, this.#blobs, settings().journal.maxFileBytes)
      : { items: [], bytes: 0 };
    const body: JournalBody = {
      absolute,
      ...(movedTo === undefined ? {} : { movedTo: { path: movedTo.path, absolute: movedTo.absolute } }),
      ...(kept.items === undefined ? {} : { before: kept.items }),
    };
    const id = rows.add({
      callId,
      clientName,
      tool,
      workspace,
      path,
      op,
      bytes: kept.bytes,
      undoable: kept.items !== undefined,
      body,
    });
    return {
      done: async () => {
        const after = op === 'mkdir' ? [] : await lookAt(movedTo?.absolute ?? absolute);
        rows.setBody(id, { ...body, after });
      },
    };
  }

  #checkUndoable(row: JournalRow): void {
    if (row.undoneBy !== undefined)
      throw new FastbandError('conflict', `This was undone already. To do it again, undo ${row.undoneBy}.`);
    if (!row.undoable)
      throw new FastbandError(
        'conflict',
        `${row.path} cannot be put back: no copy of it was kept, or its time is over.`,
      );
    const root = this.#deps.workspaces().find((one) => one.name === row.workspace)?.root;
    if (root === undefined || !isWithin(row.body.absolute, root))
      throw new FastbandError(
        'conflict',
        `The workspace ${row.workspace} is not there any more, so nothing in it is changed.`,
      );
  }

  /** @param own - every path that the call left behind: a folder that it made may hold these and nothing else */
  async #checkUnchanged(row: JournalRow, own: readonly string[]): Promise<void> {
    const { after, movedTo, absolute } = row.body;
    if (after === undefined)
      throw new FastbandError(
        'conflict',
        `The call was cut off while it changed ${row.path}, so what it left is not known. Look at it by hand.`,
      );
    const now = await lookAt(movedTo?.absolute ?? absolute);
    const back = movedTo === undefined ? [] : await lookAt(absolute);
    const same =
      row.op === 'mkdir'
        ? now[0]?.type === 'directory' &&
          now.every((item) =>
            own.some(
              (path) =>
                path === join(absolute, item.path) ||
                (path !== absolute && isWithin(join(absolute, item.path), path)),
            ),
          )
        : sameItems(after, now);
    if (!same || back.length > 0) {
      throw new FastbandError(
        'conflict',
        `${movedTo?.path ?? row.path} has changed since. Nothing was undone.`,
      );
    }
    for (const hash of hashesOf(row)) {
      if (!(await this.#blobs.has(hash)))
        throw new FastbandError('conflict', `The copy of ${row.path} is gone. Nothing was undone.`);
    }
  }

  async #undoOne(row: JournalRow, newCallId: string): Promise<void> {
    const { workspace, path, op, body } = row;
    const journal = this.forCall(newCallId, { clientName: 'person', tool: 'undo' });
    if (op === 'move' && body.movedTo !== undefined) {
      const { movedTo } = body;
      const ticket = await journal.before({
        workspace,
        path: movedTo.path,
        absolute: movedTo.absolute,
        op: 'move',
        movedTo: { path, absolute: body.absolute },
      });
      await putBack.move(movedTo.absolute, body.absolute);
      await ticket.done();
      return;
    }
    const before = body.before ?? [];
    const there = (body.after ?? []).length > 0;
    const ticket = await journal.before({
      workspace,
      path,
      absolute: body.absolute,
      op: before.length === 0 ? 'delete' : there ? 'modify' : 'create',
    });
    if (before.length === 0) await removeItems(body.absolute);
    else await putBack.items(body.absolute, before, this.#blobs);
    await ticket.done();
  }
}

function hashesOf(row: JournalRow): string[] {
  return (row.body.before ?? []).flatMap((item: KeptItem) => (item.hash === undefined ? [] : [item.hash]));
}
