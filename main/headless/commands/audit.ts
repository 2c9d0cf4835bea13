import { createWriteStream } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { AUDIT_TYPES, type AuditFilter, AuditOutcome, type AuditRow } from '../../../contract/audit.ts';
import { showLine } from '../../../contract/display.ts';
import { EFFECT_KINDS } from '../../../contract/effects.ts';
import type { App } from '../../app.ts';
import { FastbandError } from '../../core/errors.ts';
import { parseSince } from '../duration.ts';
import { note, paint, print, printJson, time, UsageError } from '../terminal.ts';
import { addCommand, addGroup, type CommonOptions, collect, integer, withApp } from './with-app.ts';

interface FilterOptions extends CommonOptions {
  readonly client?: string;
  readonly tool?: string;
  readonly kind?: AuditFilter['kind'];
  readonly decision?: AuditFilter['decision'];
  readonly outcome?: AuditFilter['outcome'];
  readonly type?: NonNullable<AuditFilter['type']>;
  readonly call?: string;
  readonly since?: string;
  readonly until?: string;
}

const FOLLOW_MS = 300;

export function addAudit(program: Command): void {
  const group = addGroup(program, 'audit', 'the log of everything that happened');

  withFilters(
    addCommand(group, 'tail', 'show the last rows, oldest first', [
      'audit tail',
      'audit tail -n 50 --follow',
      'audit tail --follow --json',
    ]),
  )
    .option('-n, --lines <count>', 'how many', integer(1, 1000), 20)
    .option('-f, --follow', 'go on with new rows as they come, until interrupted')
    .action(async (options: FilterOptions & { lines: number; follow?: boolean }) => {
      await withApp(options, (app) => tail(app, options));
    });

  withFilters(
    addCommand(group, 'search [words...]', 'find rows, newest first', [
      'audit search package.json --kind write --since 1d',
      'audit search --client "Claude Code" --outcome denied --json',
    ]),
  )
    .option('-n, --limit <count>', 'how many at most', integer(1, 1000), 100)
    .option(
      '--cursor <seq>',
      'go on below this row, as the last answer said',
      integer(0, Number.MAX_SAFE_INTEGER),
    )
    .action(async (words: string[], options: FilterOptions & { limit: number; cursor?: number }) => {
      const { limit, cursor } = options;
      const input = { ...filter(options, words), limit, ...(cursor === undefined ? {} : { cursor }) };
      const found = await withApp(options, (app) => app.handle('audit.search', input));
      if (options.json) return printJson(found);
      if (found.rows.length === 0) return print('No row matches.');
      for (const row of found.rows) printRow(row);
      if (found.next !== null) note(`There are more: go on with --cursor ${found.next}`);
    });

  withFilters(
    addCommand(group, 'export', 'write rows as JSONL or CSV, oldest first', [
      'audit export --format csv --output audit.csv',
      'audit export --since 30d | gzip > audit.jsonl.gz',
    ]),
  )
    .addOption(new Option('--format <format>', 'how').choices(['jsonl', 'csv']).default('jsonl'))
    .option('-o, --output <file>', 'where to; it must not exist yet (default: stdout)')
    .action(async (options: FilterOptions & { format: 'jsonl' | 'csv'; output?: string }) => {
      const { format, output } = options;
      const bytes = await withApp(options, (app) =>
        writeAll(app.exportAudit({ format, filter: filter(options, []) }), output),
      );
      if (output === undefined) return;
      if (options.json) return printJson({ file: output, bytes });
      print(`Wrote ${bytes} bytes to ${showLine(output)}.`);
    });

  addCommand(group, 'verify', 'check that no row was changed, removed or moved', [
    'audit verify',
    'audit verify --json',
  ]).action(async (options: CommonOptions) => {
    const result = await withApp(options, (app) => app.handle('audit.verify', {}));
    if (!result.ok) process.exitCode = 1;
    if (options.json) return printJson(result);
    if (result.ok)
      return print(
        result.rows === 0
          ? 'The log is empty.'
          : `All ${result.rows} rows fit, up to row ${result.lastSeq} (${result.lastHash}).`,
      );
    print(
      `${paint('red', 'The log has been tampered with or damaged.')} Row ${result.bad?.seq ?? '?'}: ${showLine(result.bad?.problem ?? 'unknown')}`,
    );
  });
}

function withFilters(command: Command): Command {
  return command
    .option('--client <name>', "one client's")
    .option('--tool <name>', "one tool's")
    .addOption(new Option('--kind <kind>', 'with this effect').choices(EFFECT_KINDS))
    .addOption(new Option('--decision <decision>', 'decided so').choices(['allow', 'ask', 'deny']))
    .addOption(new Option('--outcome <outcome>', 'ended so').choices(AuditOutcome.options))
    .option(
      '--type <type>',
      `of this type; may be repeated (${AUDIT_TYPES.slice(0, 3).join(', ')}, …)`,
      collect,
    )
    .option('--call <id>', "one call's")
    .option('--since <time>', 'from then on: 30m, 1h, 7d ago, or a date')
    .option('--until <time>', 'before then: 30m, 1h, 7d ago, or a date');
}

function filter(options: FilterOptions, words: readonly string[]): AuditFilter {
  const { client, tool, kind, decision, outcome, type, call, since, until } = options;
  const unknown = type?.find((one) => !AUDIT_TYPES.includes(one));
  if (unknown !== undefined)
    throw new UsageError(`There is no type "${unknown}". There are: ${AUDIT_TYPES.join(', ')}.`);
  const all = {
    client,
    tool,
    kind,
    decision,
    outcome,
    type,
    callId: call,
    from: since === undefined ? undefined : parseSince(since, Date.now()),
    to: until === undefined ? undefined : parseSince(until, Date.now()),
    text: words.length === 0 ? undefined : words.join(' '),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as AuditFilter;
}

async function tail(app: App, options: FilterOptions & { lines: number; follow?: boolean }): Promise<void> {
  const wanted = filter(options, []);
  const show = options.json ? printJson : printRow;
  const { rows } = await app.handle('audit.search', { ...wanted, limit: options.lines });
  for (const row of rows.toReversed()) show(row);
  if (!options.follow) return;
  let last = rows[0]?.seq ?? 0;
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());
  while (!interrupted.signal.aborted) {
    const fresh = await rowsAfter(app, wanted, last);
    for (const row of fresh) show(row);
    last = fresh.at(-1)?.seq ?? last;
    await setTimeout(FOLLOW_MS, undefined, { signal: interrupted.signal }).catch(() => {});
  }
}

/** Oldest first. Pages back until it meets what was shown, however much came at once. */
async function rowsAfter(app: App, wanted: AuditFilter, last: number): Promise<AuditRow[]> {
  const fresh: AuditRow[] = [];
  let cursor: number | undefined;
  for (;;) {
    const page = await app.handle('audit.search', {
      ...wanted,
      limit: 1000,
      ...(cursor === undefined ? {} : { cursor }),
    });
    const newer = page.rows.filter((row) => row.seq > last);
    fresh.push(...newer);
    if (newer.length < page.rows.length || page.next === null) return fresh.reverse();
    cursor = page.next;
  }
}

function printRow(row: AuditRow): void {
  const outcome = row.outcome ?? row.decision ?? '';
  const bad = outcome === 'error' || outcome === 'denied' || outcome === 'deny' || outcome === 'timeout';
  const end = row.durationMs === null ? '' : paint('dim', ` ${Math.round(row.durationMs)} ms`);
  const call = row.callId === null ? '' : paint('dim', ` ${row.callId}`);
  const word = outcome.padEnd(9);
  print(
    `${paint('dim', `${String(row.seq).padStart(6)}  ${time(row.at)}`)}  ${row.type.padEnd(16)} ${bad ? paint('red', word) : word} ${showLine(row.summary)}${end}${call}`,
  );
}

/** To a new file that only its owner reads, or to stdout, no faster than it is taken. */
async function writeAll(chunks: AsyncIterable<string>, output: string | undefined): Promise<number> {
  let bytes = 0;
  const counted = async function* () {
    for await (const chunk of chunks) {
      bytes += Buffer.byteLength(chunk);
      yield chunk;
    }
  };
  const { pipeline } = await import('node:stream/promises');
  if (output === undefined) {
    await pipeline(counted, process.stdout, { end: false });
    return bytes;
  }
  try {
    await pipeline(counted, createWriteStream(output, { flags: 'wx', mode: 0o600 }));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      throw new FastbandError('conflict', `${output} exists already. Choose another name, or move it away.`, {
        cause: error,
      });
    }
    throw error;
  }
  return bytes;
}
