import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import Database from 'better-sqlite3';
import type { AuditFilter } from '../contract/audit.ts';
import type { EffectKind } from '../contract/effects.ts';
import type { AuditEntry } from '../main/core/audit-entry.ts';
import type { Clock, Log } from '../main/ports.ts';
import { DATABASE_FILE, SEARCH_FILE } from '../main/store/home.ts';
import { openStore, type Store } from '../main/store/open.ts';
import { print, type Report, round } from './report.ts';

/*
 * The audit log at a million rows: append, search with filter and words, verify, size. The peer in the same run is what
 * one would have without it: the same rows as pino-style JSON lines searched by ripgrep, and in a plain SQLite table
 * searched by LIKE.
 */

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Numbers that look random and are the same in every run (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const CLIENTS = ['Claude Code', 'Claude Desktop', 'Cursor', 'VS Code', 'Codex'];
const TOOLS: readonly (readonly [tool: string, kind: EffectKind, weight: number])[] = [
  ['read_file', 'read', 40],
  ['search_files', 'read', 20],
  ['list_directory', 'read', 10],
  ['edit_file', 'write', 12],
  ['write_file', 'write', 6],
  ['run_command', 'exec', 8],
  ['git_status', 'exec', 3],
  ['git_commit', 'write', 1],
];
const FOLDERS = [
  'src',
  'lib',
  'test',
  'docs',
  'packages/core',
  'packages/cli',
  'server/api',
  'web/components',
];
const WORDS =
  'account invoice parser login session widget chart table queue worker retry cache index router schema report export import billing webhook token header footer layout theme config logger metric trace stream buffer codec cursor anchor portal bridge'.split(
    ' ',
  );

/** Rows as calls make them: about half are the first and the last row of one call. */
function* entries(count: number): Generator<AuditEntry> {
  const pick = numbers(7);
  const bag = TOOLS.flatMap((one) => Array.from({ length: one[2] }, () => one));
  for (let made = 0; made < count; ) {
    const [tool, kind] = bag[pick(bag.length)] ?? ['read_file', 'read'];
    const client = pick(CLIENTS.length);
    const path = `${FOLDERS[pick(FOLDERS.length)]}/${WORDS[pick(WORDS.length)]}/${WORDS[pick(WORDS.length)]}-${pick(5000)}.ts`;
    const denied = pick(50) === 0;
    const failed = !denied && pick(25) === 0;
    const base = {
      callId: `c_${made.toString(36).padStart(8, '0')}${pick(2 ** 31).toString(36)}`,
      actor: CLIENTS[client] ?? 'Cursor',
      clientId: `k_client${client}`,
      tool,
      kinds: [kind],
      decision: denied ? 'deny' : kind === 'read' ? 'allow' : 'ask',
    } as const;
    const detail = {
      input: { path },
      effects: [
        {
          kind,
          workspace: 'shop',
          path,
          decision: base.decision,
          by: kind === 'read' ? 'default:read-inside' : 'grant:g_4fK2',
        },
      ],
      planHash: `${made.toString(16).padStart(8, '0')}${'5b'.repeat(28)}`,
    };
    const twoRows = kind !== 'read' && !denied;
    if (twoRows) {
      yield { ...base, type: 'call.started', summary: `${tool} ${path}`, detail };
      made++;
    }
    yield {
      ...base,
      type: denied ? 'call.refused' : 'call.finished',
      outcome: denied ? 'denied' : failed ? 'error' : 'ok',
      durationMs: pick(20000) / 100,
      summary: denied
        ? `Refused ${path}: a rule denies it.`
        : failed
          ? `${tool} failed: ${path} was not found.`
          : `Done with ${path}, ${pick(90000)} bytes.`,
      detail: twoRows ? {} : detail,
    };
    made++;
  }
}

/** The next of them; `Iterator.take` would end the generator. */
function take<T>(source: Iterator<T>, count: number): T[] {
  const taken: T[] = [];
  while (taken.length < count) {
    const next = source.next();
    if (next.done === true) break;
    taken.push(next.value);
  }
  return taken;
}

/** Filter and words as people mix them: common and rare, one or several, with and without a time. */
function mixes(start: number, rows: number): AuditFilter[] {
  const pick = numbers(11);
  const list: AuditFilter[] = [];
  for (let i = 0; i < 25; i++) {
    const word = WORDS[pick(WORDS.length)] ?? 'cache';
    const other = WORDS[pick(WORDS.length)] ?? 'cache';
    const client = CLIENTS[pick(CLIENTS.length)] ?? 'Cursor';
    list.push(
      { text: word, client },
      { text: `${word} ${other}`, tool: 'edit_file' },
      { text: word.slice(0, 4), outcome: 'denied' },
      { text: `${other}-${pick(5000)}.ts`, kind: 'write' },
      { text: `refused ${word}`, client, decision: 'deny' },
      { text: 'failed not found', tool: 'git_commit', outcome: 'error' },
      { text: `nosuchword${i}`, kind: 'read' },
      {
        text: word,
        type: ['call.refused'],
        from: start + Math.floor(rows * 0.4),
        to: start + Math.floor(rows * 0.45),
      },
    );
  }
  return list;
}

function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

async function timed(run: () => unknown): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

async function times(runs: readonly (() => unknown)[]): Promise<number[]> {
  const list: number[] = [];
  for (const run of runs) list.push(await timed(run));
  return list.sort((a, b) => a - b);
}

/** One commit for each row, and how long the slowest took: the thread that answers calls waits for it. */
function appendSingly(
  store: Store,
  rows: readonly AuditEntry[],
): { mean: number; p50: number; p99: number; max: number } {
  const micros: number[] = [];
  for (const row of rows) {
    const start = performance.now();
    store.audit.append(row);
    micros.push((performance.now() - start) * 1000);
  }
  const mean = micros.reduce((a, b) => a + b, 0) / micros.length;
  micros.sort((a, b) => a - b);
  return { mean, p50: percentile(micros, 0.5), p99: percentile(micros, 0.99), max: percentile(micros, 1) };
}

const ripgrep = async (file: string, words: readonly string[]): Promise<void> => {
  const { rgPath } = createRequire(import.meta.url)('@vscode/ripgrep') as { rgPath: string };
  // One pattern that wants every part in any order would be several passes: the rarest is searched, the rest are free.
  const child = spawn(rgPath, ['--no-config', '-i', '-F', words[0] ?? '', file], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  child.stdout.resume();
  await once(child, 'close');
};

interface AuditFigures {
  readonly rows: number;
  readonly appendMicros: number;
  readonly appendP99Micros: number;
  readonly bulkRowsPerSecond: number;
  readonly indexSeconds: number;
  readonly searchP50Ms: number;
  readonly searchP95Ms: number;
  readonly searchMaxMs: number;
  readonly likeP50Ms: number;
  readonly likeP95Ms: number;
  readonly ripgrepP50Ms: number;
  readonly vsScan: number;
  readonly vsRipgrep: number;
  readonly verifySeconds: number;
  readonly bytesPerRow: number;
  readonly indexBytesPerRow: number;
  readonly jsonlBytesPerRow: number;
}

/** The measurement as `npm run bench -- audit` runs it. */
export async function audit(rows = 1_000_000): Promise<Report> {
  const home = await mkdtemp(join(tmpdir(), 'fastband-bench-audit-'));
  try {
    return report(await measure(home, rows));
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** Runs it by itself; `args` as on the command line: `[--rows N] [--json]`. */
export async function bench(args: readonly string[]): Promise<void> {
  const options = {
    rows: { type: 'string', default: '1000000' },
    json: { type: 'boolean', default: false },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  print(await audit(Number(values.rows)), values.json);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function measure(home: string, count: number): Promise<AuditFigures> {
  const start = 1_750_000_000_000;
  let now = start;
  const clock: Clock = { now: () => now++, monotonic: () => performance.now(), after: () => () => {} };
  const store = openStore({ home, clock, log: silent });
  const jsonl = join(home, 'rows.jsonl');
  const plain = new Database(join(home, 'plain.db'));
  try {
    say(`${count} rows into the log, and into its peers…`);
    const bulk = await fill(store, plain, jsonl, count);
    const single = appendSingly(store, [...entries(20_000)]);
    say('indexing…');
    const indexSeconds = (await timed(() => store.audit.search({ text: 'warm', limit: 1 }))) / 1000;
    say('searching…');
    const filters = mixes(start, count);
    const found = await times(filters.map((filter) => () => store.audit.search({ ...filter, limit: 100 })));
    const like = likeSearch(plain);
    // A sample: each is a scan of everything unless it finds its page early.
    const likes = await times(filters.slice(0, 40).map((filter) => () => like(filter)));
    const ripgreps = await times(
      filters.slice(0, 16).map((filter) => () => ripgrep(jsonl, (filter.text ?? '').split(' '))),
    );
    say('verifying…');
    let ok = false;
    const verifySeconds = (await timed(async () => (ok = (await store.audit.verify()).ok))) / 1000;
    if (!ok) throw new Error('the log does not verify');
    const total = count + 20_000;
    const size = async (file: string) => (await stat(join(home, file)).catch(() => ({ size: 0 }))).size;
    return {
      rows: count,
      appendMicros: single.mean,
      appendP99Micros: single.p99,
      bulkRowsPerSecond: bulk,
      indexSeconds,
      searchP50Ms: percentile(found, 0.5),
      searchP95Ms: percentile(found, 0.95),
      searchMaxMs: percentile(found, 1),
      likeP50Ms: percentile(likes, 0.5),
      likeP95Ms: percentile(likes, 0.95),
      ripgrepP50Ms: percentile(ripgreps, 0.5),
      vsScan: percentile(likes, 0.95) / percentile(found, 0.95),
      vsRipgrep: percentile(ripgreps, 0.5) / percentile(found, 0.5),
      verifySeconds,
      bytesPerRow: (await size(DATABASE_FILE)) / total,
      indexBytesPerRow: (await size(SEARCH_FILE)) / total,
      jsonlBytesPerRow: (await size('rows.jsonl')) / count,
    };
  } finally {
    plain.close();
    store.close();
  }
}

/** The real append in large transactions, and the same rows as the peers keep them. @returns rows a second of ours */
async function fill(store: Store, plain: Database.Database, jsonl: string, count: number): Promise<number> {
  plain.pragma('journal_mode = WAL');
  plain.exec(
    'CREATE TABLE log (seq INTEGER PRIMARY KEY, at INTEGER, actor TEXT, tool TEXT, kinds TEXT, decision TEXT, outcome TEXT, type TEXT, text TEXT)',
  );
  const insert = plain.prepare('INSERT INTO log VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)');
  const lines = createWriteStream(jsonl);
  const source = entries(count);
  let spent = 0;
  for (let batch = take(source, 20_000); batch.length > 0; batch = take(source, 20_000)) {
    const begin = performance.now();
    const rows = store.transaction(() => batch.map((entry) => store.audit.append(entry)));
    spent += performance.now() - begin;
    plain.transaction(() => {
      for (const row of rows)
        insert.run(
          row.at,
          row.actor,
          row.tool,
          row.kinds.join(),
          row.decision,
          row.outcome,
          row.type,
          `${row.summary} ${JSON.stringify(row.detail)}`,
        );
    })();
    const text = rows
      .map((row) => `${JSON.stringify({ level: 30, time: row.at, ...row, msg: row.summary })}\n`)
      .join('');
    if (!lines.write(text)) await once(lines, 'drain');
  }
  lines.end();
  await once(lines, 'close');
  return (count / spent) * 1000;
}

function likeSearch(plain: Database.Database): (filter: AuditFilter) => unknown[] {
  return (filter) => {
    const where: string[] = [];
    const values: (string | number)[] = [];
    const add = (sql: string, value: string | number | undefined) => {
      if (value === undefined) return;
      where.push(sql);
      values.push(value);
    };
    add('actor = ?', filter.client);
    add('tool = ?', filter.tool);
    add('kinds = ?', filter.kind);
    add('decision = ?', filter.decision);
    add('outcome = ?', filter.outcome);
    add('type = ?', filter.type?.[0]);
    add('at >= ?', filter.from);
    add('at < ?', filter.to);
    for (const word of (filter.text ?? '').split(' ')) add("text LIKE '%' || ? || '%'", word);
    return plain
      .prepare(`SELECT * FROM log WHERE ${where.join(' AND ')} ORDER BY seq DESC LIMIT 101`)
      .all(values);
  };
}

function report(figures: AuditFigures): Report {
  const rounded = Object.entries(figures).map(([name, value]) => [name, round(value, 3)] as const);
  const ms = (p50: number, p95: number) => `p50 ${round(p50, 1)} ms, p95 ${round(p95, 1)} ms`;
  const rows: [string, string][] = [
    [
      'append, one commit each',
      `${round(figures.appendMicros, 1)} µs, p99 ${round(figures.appendP99Micros, 1)} µs`,
    ],
    ['append, in large transactions', `${Math.round(figures.bulkRowsPerSecond)} rows/s`],
    ['index all rows, on the worker', `${round(figures.indexSeconds, 1)} s`],
    ['search, filter + words', ms(figures.searchP50Ms, figures.searchP95Ms)],
    ['  slowest', `${round(figures.searchMaxMs, 1)} ms`],
    ['  the same with LIKE', ms(figures.likeP50Ms, figures.likeP95Ms)],
    ['  ripgrep on JSON lines, one word', `p50 ${round(figures.ripgrepP50Ms, 1)} ms`],
    ['  vsScan (LIKE p95 / ours)', String(round(figures.vsScan, 1))],
    ['  vsRipgrep (p50 / ours)', String(round(figures.vsRipgrep, 1))],
    ['verify', `${round(figures.verifySeconds)} s`],
    [
      'bytes a row',
      `${Math.round(figures.bytesPerRow)}, and ${Math.round(figures.indexBytesPerRow)} of index`,
    ],
    ['  as JSON lines', String(Math.round(figures.jsonlBytesPerRow))],
  ];
  return {
    name: `audit, ${figures.rows} rows`,
    rows: rows.map(([what, value]) => ({ what, value })),
    figures: Object.fromEntries(rounded),
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await bench(process.argv.slice(2));
