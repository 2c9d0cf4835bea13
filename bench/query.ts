import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Sandbox } from '../e2e/host.ts';
import { median, type Report, round } from './report.ts';

const ROWS = 1_000_000;
const PAGE = 10_000;
/** Read as often: what a process takes before it first gives memory back is not what it goes on to take. */
const PASSES = 4;

/**
 * A million rows through `query_database`, page by page, several times over, and read bare by better-sqlite3 in this
 * process. Memory is that of the host and of the process that asks the database, after each page.
 */
export async function query(): Promise<Report> {
  const box = new Sandbox();
  try {
    const file = join(box.workspace, 'big.db');
    const made = new Database(file);
    made.exec(
      `CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT, price REAL);
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})
       INSERT INTO items SELECT i, 'article ' || i, i / 7.0 FROM n`,
    );
    made.close();
    const host = await box.serve();
    await host.api('settings.update', {
      limits: { callsPerMinute: 0 },
      databases: { maxRows: PAGE, maxBytes: 4 * 1024 * 1024 },
    });
    const added = await box.run(['rules', 'add', '--allow', 'query', 'big.db']);
    if (added.code !== 0) throw new Error(added.stderr);
    const client = await box.connect(host, await box.addClient('Bench'));
    const sql = 'SELECT id, name, price FROM items ORDER BY id';
    const memory: number[] = [];
    const began = performance.now();
    for (let at = 0; at < PASSES * ROWS; at += PAGE) {
      const offset = at % ROWS;
      const { structuredContent, isError } = await client.callTool({
        name: 'query_database',
        arguments: { database: 'big.db', sql, limit: PAGE, offset },
      });
      const { rows = [] } = (structuredContent ?? {}) as { rows?: readonly (readonly unknown[])[] };
      if (isError === true || rows.length !== PAGE || rows[0]?.[0] !== offset + 1)
        throw new Error(`not the page at ${offset}`);
      memory.push(residentWithChildren(host.ready.pid));
    }
    const ours = (performance.now() - began) / PASSES;
    const bare = new Database(file, { readonly: true });
    const began2 = performance.now();
    let sum = 0;
    for (const row of bare.prepare(sql).raw().iterate()) sum += (row as [number])[0];
    const alone = performance.now() - began2;
    bare.close();
    if (sum !== (ROWS * (ROWS + 1)) / 2) throw new Error('not every row');
    const pages = ROWS / PAGE;
    const after = Array.from({ length: PASSES }, (_, pass) =>
      round(median(memory.slice(pass * pages, (pass + 1) * pages)), 1),
    );
    return {
      name: `query_database, ${ROWS} rows in pages of ${PAGE}`,
      rows: [
        { what: 'fastband, rows a second', value: Math.round((ROWS / ours) * 1000) },
        { what: 'better-sqlite3 alone, rows a second', value: Math.round((ROWS / alone) * 1000) },
        ...after.map((value, pass) => ({ what: `memory, median of million ${pass + 1}, MB`, value })),
        { what: 'highest, MB', value: round(Math.max(...memory), 1) },
      ],
      figures: {
        rowsPerSecond: Math.round((ROWS / ours) * 1000),
        ...Object.fromEntries(after.map((value, pass) => [`million${pass + 1}Mb`, value])),
      },
    };
  } finally {
    await box.close();
  }
}

/** Megabytes of a process and of those that it started. Linux. */
function residentWithChildren(pid: number): number {
  const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  return [pid, ...children.trim().split(/\s+/).filter(Boolean).map(Number)].reduce(
    (sum, one) => sum + resident(one),
    0,
  );
}

function resident(pid: number): number {
  const kb = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kb ?? 0) / 1024;
}
