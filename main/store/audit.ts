import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditFilter, AuditRow, AuditSearchInput, AuditSearchOutput, AuditVerifyOutput } from '../../contract/audit.ts';
import type { AuditEntry } from '../core/audit-entry.ts';
import { FastbandError } from '../core/errors.ts';
import type { Log } from '../ports.ts';
import { AUDIT_COLUMNS, auditHash, checkpointMac, GENESIS, kindBits, type RawAuditRow, toAuditRow } from './audit-row.ts';
import type { Tables } from './open.ts';
import { Reader } from './reader.ts';

/**
 * The append-only log. Each row's hash covers the row and the hash before it; triggers refuse changes. Everything
 * long (search, export, verify) runs on a worker thread with a connection of its own.
 */
export class AuditStore {
  readonly #tables: Tables;
  readonly #home: string;
  readonly #reader: Reader;
  readonly #last;
  readonly #checkpoint;
  readonly #insert;
  readonly #begin;
  readonly #commit;
  readonly #rollback;
  #healthy = true;

  constructor(tables: Tables, home: string, log: Log) {
    this.#tables = tables;
    this.#home = home;
    const { db } = tables;
    this.#last = db.prepare<[], [number, number, Buffer]>('SELECT seq, at, hash FROM audit ORDER BY seq DESC LIMIT 1').raw();
    this.#checkpoint = db.prepare<[], [number, number, Buffer]>('SELECT up_to, at, hash FROM audit_checkpoints ORDER BY up_to DESC LIMIT 1').raw();
    this.#insert = db.prepare(`INSERT INTO audit (${AUDIT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
    this.#rollback = db.prepare('ROLLBACK');
    this.#reader = new Reader(home, log);
  }

  /**
   * Commits one row. The last hash is read inside the same IMMEDIATE transaction, so two processes cannot both follow
   * the same row. The time never goes back: a row is as late as the one before it at least.
   *
   * @throws FastbandError `audit_unavailable` when it cannot be committed: nothing may then go on
   */
  append(entry: AuditEntry): AuditRow {
    const { db } = this.#tables;
    const joins = db.inTransaction;
    try {
      if (!joins) this.#begin.run();
      const row = this.#write(entry);
      if (!joins) this.#commit.run();
      this.#healthy = true;
      this.#reader.nudge();
      return row;
    } catch (error) {
      if (!joins && db.inTransaction) this.#rollback.run();
      this.#healthy = false;
      throw new FastbandError(
        'audit_unavailable',
        'Fastband cannot write its audit log, so it refuses calls. Ask your user to free disk space and check the permissions of its folder.',
        { cause: error },
      );
    }
  }

  /** Whether the last row could be written. When it could not, this tries whether the next one could. */
  healthy(): boolean {
    if (this.#healthy) return true;
    try {
      this.#begin.run();
      this.#tables.db.exec('CREATE TABLE probe (x); DROP TABLE probe');
      this.#commit.run();
      this.#healthy = true;
    } catch {
      if (this.#tables.db.inTransaction) this.#rollback.run();
    }
    return this.#healthy;
  }

  get(seq: number): AuditRow | undefined {
    const { db } = this.#tables;
    const raw = db.prepare<[number], RawAuditRow>(`SELECT ${AUDIT_COLUMNS} FROM audit WHERE seq = ?`).raw().get(seq) as RawAuditRow | undefined;
    if (raw === undefined) return undefined;
    const before = db.prepare<[number], Buffer>('SELECT hash FROM audit WHERE seq = ?').pluck().get(seq - 1) as Buffer | undefined;
    return toAuditRow(raw, before ?? this.#checkpointHash(seq - 1));
  }

  /** Newest first. Words and filters are answered from an index that is brought up to date first. */
  search(input: AuditSearchInput): Promise<AuditSearchOutput> {
    return this.#reader.ask<AuditSearchOutput>({ op: 'search', input });
  }

  /**
   * Walks the whole chain. It finds each edit, removal, insertion and reordering, a cut-off tail included as long as
   * SQLite's own counter was left alone. A chain that someone with the rights of this user made anew from end to end
   * is whole again: keep `lastHash` elsewhere to see that too.
   */
  verify(): Promise<AuditVerifyOutput> {
    return this.#reader.ask<AuditVerifyOutput>({ op: 'verify', key: this.#key() });
  }

  /** Oldest first, up to the row that was the last when it began. CSV cells cannot become formulas. */
  async *export(format: 'jsonl' | 'csv', filter: AuditFilter = {}): AsyncGenerator<string> {
    const last = (this.#last.get() as [number, number, Buffer] | undefined)?.[0] ?? 0;
    let after = 0;
    for (;;) {
      const { text, next } = await this.#reader.ask<{ text: string; next: number | null }>({ op: 'export', format, filter, after, upTo: last });
      if (text !== '') yield text;
      if (next === null) return;
      after = next;
    }
  }

  /**
   * Removes every row older than a time and leaves a checkpoint in their place: how many they were and the hash that
   * the rest follows, with a MAC by a key in the home folder.
   *
   * @param before - milliseconds since the epoch
   * @returns how many rows went
   */
  async retire(before: number): Promise<number> {
    const { db, clock } = this.#tables;
    const key = this.#key();
    const upTo = db.prepare<[number], number | null>('SELECT max(seq) FROM audit WHERE at < ?').pluck().get(before) as number | null;
    if (upTo === null) return 0;
    const rows = db
      .transaction(() => {
        const last = db.prepare<[number], Buffer>('SELECT hash FROM audit WHERE seq = ?').pluck().get(upTo) as Buffer;
        const count = db.prepare<[number], number>('SELECT count(*) FROM audit WHERE seq <= ?').pluck().get(upTo) as number;
        const at = clock.now();
        db.prepare('INSERT INTO audit_gate (up_to) VALUES (?)').run(upTo);
        db.prepare('DELETE FROM audit WHERE seq <= ?').run(upTo);
        db.prepare('DELETE FROM audit_gate').run();
        db.prepare('INSERT INTO audit_checkpoints (up_to, at, rows, hash, mac) VALUES (?, ?, ?, ?, ?)').run(upTo, at, count, last, checkpointMac(key, upTo, at, count, last));
        this.append({ type: 'audit.retired', actor: 'fastband', summary: `${count} rows were past their time and went.`, detail: { upTo, rows: count } });
        return count;
      })
      .immediate();
    await this.#reader.ask({ op: 'forget', upTo });
    return rows;
  }

  close(): void {
    this.#reader.close();
  }

  #write(entry: AuditEntry): AuditRow {
    const last = (this.#last.get() ?? this.#checkpoint.get()) as [number, number, Buffer] | undefined;
    const [seq, lastAt, prev] = last ?? [0, 0, GENESIS];
    const raw: RawAuditRow = [
      seq + 1,
      Math.max(this.#tables.clock.now(), lastAt),
      entry.type,
      entry.callId ?? null,
      entry.actor,
      entry.clientId ?? null,
      entry.tool ?? null,
      kindBits(entry.kinds ?? []),
      entry.decision ?? null,
      entry.outcome ?? null,
      entry.durationMs ?? null,
      entry.summary,
      JSON.stringify(entry.detail ?? {}),
      GENESIS,
    ];
    const own = auditHash(prev, raw);
    const row = [...raw.slice(0, -1), own] as unknown as RawAuditRow;
    this.#insert.run(...row);
    return toAuditRow(row, prev);
  }

  #checkpointHash(upTo: number): Buffer {
    const found = this.#tables.db.prepare<[number], Buffer>('SELECT hash FROM audit_checkpoints WHERE up_to = ?').pluck().get(upTo);
    return (found as Buffer | undefined) ?? GENESIS;
  }

  /** Made on first use, readable by this user alone. */
  #key(): Buffer {
    const file = join(this.#home, 'audit.key');
    if (!existsSync(file)) {
      writeFileSync(file, randomBytes(32), { mode: 0o600, flag: 'wx' });
      chmodSync(file, 0o600);
    }
    return readFileSync(file);
  }
}
