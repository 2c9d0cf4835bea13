import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Client as Postgres } from 'pg';
import { type Host, Sandbox } from '../e2e/host.ts';
import { TestPostgres } from '../main/tools/databases/postgres-testing.ts';
import { median, type Report, round } from './report.ts';

const ROWS = 1_000_000;
const PAGE = 10_000;
const SQL = 'SELECT id, name, price FROM items ORDER BY id';
/** Read as often: what a process takes before it first gives memory back is not what it goes on to take. */
const PASSES = 4;

/**
 * A million rows of a SQLite file through `query_database`, page by page, several times over, and read bare by
 * better-sqlite3 in this process. Memory is that of the host and of the process that asks the database, after each page.
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
    await host.api('rules.add', { effect: 'allow', match: { kind: 'query', databases: ['big.db'] } });
    return await report('SQLite', await read(box, host, 'big.db'), 'better-sqlite3', async () => {
      const bare = new Database(file, { readonly: true });
      let sum = 0;
      for (const row of bare.prepare(SQL).raw().iterate()) sum += (row as [number])[0];
      bare.close();
      return sum;
    });
  } finally {
    await box.close();
  }
}

/** The same of a PostgreSQL server, beside `pg` in this process with the same pages. */
export async function queryServer(): Promise<Report> {
  const server = await TestPostgres.start();
  const box = new Sandbox();
  try {
    await server.sql(`CREATE TABLE items (id int PRIMARY KEY, name text, price float8)`);
    await server.sql(
      `INSERT INTO items SELECT i, 'article ' || i, i / 7.0 FROM generate_series(1, ${ROWS}) AS i`,
    );
    await server.sql("CREATE ROLE shop LOGIN PASSWORD 'of-a-bench'");
    await server.sql('GRANT SELECT ON items TO shop');
    const url = server.url('shop', 'of-a-bench');
    const host = await box.serve(undefined, await box.keychain());
    await host.api('settings.update', { web: { allowedHosts: [`127.0.0.1:${server.port}`] } });
    await host.api('keys.set', { id: 'secret:shop', value: url });
    for (const match of [
      { kind: 'query', databases: ['pg:shop'] },
      { kind: 'net', hosts: ['127.0.0.1'] },
      { kind: 'secret', providers: ['secret:shop'] },
    ])
      await host.api('rules.add', { effect: 'allow', match });
    return await report('PostgreSQL', await read(box, host, 'pg:shop'), 'pg', async () => {
      const bare = new Postgres({ connectionString: url });
      await bare.connect();
      let sum = 0;
      for (let at = 0; at < ROWS; at += PAGE) {
        const { rows } = await bare.query<[number]>({
          text: `${SQL} LIMIT ${PAGE} OFFSET ${at}`,
          rowMode: 'array',
        });
        for (const [id] of rows) sum += id;
      }
      await bare.end();
      return sum;
    });
  } finally {
    await box.close();
    await server.stop();
  }
}

interface Read {
  /** Milliseconds that a million rows took. */
  readonly ms: number;
  /** Megabytes after each page. */
  readonly memory: readonly number[];
}

async function read(box: Sandbox, host: Host, database: string): Promise<Read> {
  await host.api('settings.update', {
    limits: { callsPerMinute: 0 },
    databases: { maxRows: PAGE, maxBytes: 4 * 1024 * 1024 },
  });
  const client = await box.connect(host, await box.addClient('Bench'));
  const memory: number[] = [];
  const began = performance.now();
  for (let at = 0; at < PASSES * ROWS; at += PAGE) {
    const offset = at % ROWS;
    const { content, structuredContent, isError } = await client.callTool({
      name: 'query_database',
      arguments: { database, sql: SQL, limit: PAGE, offset },
    });
    const { rows = [] } = (structuredContent ?? {}) as { rows?: readonly (readonly unknown[])[] };
    if (isError === true || rows.length !== PAGE || rows[0]?.[0] !== offset + 1)
      throw new Error(`not the page at ${offset}: ${JSON.stringify(content).slice(0, 300)}`);
    memory.push(residentWithChildren(host.ready.pid));
  }
  return { ms: (performance.now() - began) / PASSES, memory };
}

/** @param bare - reads every row and adds their ids up */
async function report(
  kind: string,
  { ms, memory }: Read,
  peer: string,
  bare: () => Promise<number>,
): Promise<Report> {
  const began = performance.now();
  const sum = await bare();
  const alone = performance.now() - began;
  if (sum !== (ROWS * (ROWS + 1)) / 2) throw new Error('not every row');
  const pages = ROWS / PAGE;
  const after = Array.from({ length: PASSES }, (_, pass) =>
    round(median(memory.slice(pass * pages, (pass + 1) * pages)), 1),
  );
  const rowsPerSecond = Math.round((ROWS / ms) * 1000);
  return {
    name: `query_database, ${ROWS} rows of ${kind} in pages of ${PAGE}`,
    rows: [
      { what: 'fastband, rows a second', value: rowsPerSecond },
      { what: `${peer} alone, rows a second`, value: Math.round((ROWS / alone) * 1000) },
      ...after.map((value, pass) => ({ what: `memory, median of million ${pass + 1}, MB`, value })),
      { what: 'highest, MB', value: round(Math.max(...memory), 1) },
    ],
    figures: {
      rowsPerSecond,
      ...Object.fromEntries(after.map((value, pass) => [`million${pass + 1}Mb`, value])),
    },
  };
}

/** Megabytes of a process and of those that it started. Linux. */
function residentWithChildren(pid: number): number {
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  return [pid, ...stdout.trim().split(/\s+/).filter(Boolean).map(Number)].reduce(
    (sum, one) => sum + resident(one),
    0,
  );
}

function resident(pid: number): number {
  const kb = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kb ?? 0) / 1024;
}
