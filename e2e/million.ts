import Database from 'better-sqlite3';

/**
 * Puts rows into a log at once, as nobody but a test would: they are not chained. The log of a home that no host runs on.
 *
 * @param file - the database
 */
export function fillLog(file: string, rows: number): void {
  const db = new Database(file);
  try {
    const newest = Number(db.prepare('SELECT coalesce(max(seq), 0) FROM audit').pluck().get());
    const add = db.prepare(
      `INSERT INTO audit (seq, at, type, actor, tool, kinds, outcome, duration_us, summary, detail, hash)
       VALUES (?, ?, 'call.finished', 'Claude Code', 'read_file', 'read', 'ok', 900, ?, '{}', zeroblob(32))`,
    );
    const began = Date.now() - rows;
    db.transaction(() => {
      for (let i = 1; i <= rows; i++) add.run(newest + i, began + i, `read file ${i} of ${rows}`);
    })();
  } finally {
    db.close();
  }
}
