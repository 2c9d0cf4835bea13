import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { AuditType } from '../contract/audit.ts';
import type { Host } from './host.ts';

interface Row {
  readonly seq: number;
  readonly type: AuditType;
  readonly call_id: string | null;
  readonly detail: string;
}

interface Detail {
  readonly input?: { readonly path?: string };
  readonly rule?: { readonly id: string };
  readonly grant?: { readonly id: string; readonly scope: string };
  readonly approvalId?: string;
}

/** Each content says what it must be, whole: a file that was cut off or mixed does not. */
export function contentFor(path: string, size: number): string {
  return `${path}\n${'=+'.repeat(size)}\nend of ${path}\n`;
}

/**
 * What Fastband has answered for. Everything that is written in here was acknowledged, so it must be true after
 * whatever befell the host; what was not answered may have happened or not, but then wholly and on the record.
 */
export class Ledger {
  readonly #home: string;
  readonly #workspace: string;
  /** Ids of calls that were answered. */
  readonly calls = new Set<string>();
  /** Paths of calls that were refused; each path is asked for once. */
  readonly refused = new Set<string>();
  /** Calls that wrote a file, and what is in it since. */
  readonly written = new Map<string, { callId: string; content: string }>();
  /** Approvals that a person's answer was acknowledged for. */
  readonly settled = new Set<string>();
  /** Paths that a person said no to. */
  readonly forbidden = new Set<string>();
  readonly rulesAdded = new Set<string>();
  readonly rulesRemoved = new Set<string>();
  /** Clients whose revocation was acknowledged: their tokens. */
  readonly revoked: string[] = [];
  readonly #onRecord = {
    calls: new Set<string>(),
    refused: new Set<string>(),
    settled: new Set<string>(),
    rules: new Set<string>(),
  };
  readonly #begun = new Set<string>();
  readonly #rules = new Set<string>();
  readonly #grants = new Set<string>();
  readonly #passing = new Set<string>();
  #seen = 0;

  constructor(home: string, workspace: string) {
    this.#home = home;
    this.#workspace = workspace;
  }

  /** Rows that were answered for, so far. */
  get acknowledged(): number {
    return (
      this.calls.size + this.refused.size + this.settled.size + this.rulesAdded.size + this.rulesRemoved.size
    );
  }

  /** Rows in the log when it was last looked at. */
  get rows(): number {
    return this.#seen;
  }

  /** How many acknowledged rows are not there, by a look through the whole log from its first row. */
  lost(): number {
    const fresh = new Ledger(this.#home, this.#workspace);
    fresh.#read();
    const missing = (from: ReadonlySet<string>, there: ReadonlySet<string>) =>
      [...from].filter((one) => !there.has(one)).length;
    return (
      missing(this.calls, fresh.#onRecord.calls) +
      missing(this.refused, fresh.#onRecord.refused) +
      missing(this.settled, fresh.#onRecord.settled) +
      missing(this.rulesAdded, fresh.#onRecord.rules)
    );
  }

  /** Holds the host to it. Reads the log past Fastband. @returns what is not as it must be, a line each */
  async check(host: Host): Promise<string[]> {
    this.#read();
    const wrong: string[] = [];
    const expect = (what: string, found: Iterable<string>) => {
      for (const one of found) wrong.push(`${what}: ${one}`);
    };
    const without = (from: Iterable<string>, there: ReadonlySet<string>) =>
      [...from].filter((one) => !there.has(one));
    expect('an answered call has no row', without(this.calls, this.#onRecord.calls));
    expect('a refusal has no row', without(this.refused, this.#onRecord.refused));
    expect('an answer of the person has no row', without(this.settled, this.#onRecord.settled));

    const rules = new Set((await host.api('rules.list')).map(({ id }) => id));
    expect('a rule is there without its row', without(rules, this.#rules));
    expect('a rule has a row and is gone', without(this.#rules, rules));
    expect(
      'a rule that was removed is back',
      [...this.rulesRemoved].filter((id) => rules.has(id)),
    );
    expect('a rule that was added has no row', without(this.rulesAdded, this.#onRecord.rules));
    const grants = new Set((await host.api('grants.list')).map(({ id }) => id));
    expect('a grant is there without its row', without(grants, this.#grants));
    expect('a grant has a row and is gone', without(this.#grants, grants));

    for (const [path, { content }] of this.written)
      if (this.#contentOf(path) !== content) wrong.push(`an answered write is not in the file: ${path}`);
    for (const path of this.#files()) {
      if (!this.#begun.has(path)) wrong.push(`a file was written and no row announced it: ${path}`);
      const lines = this.#contentOf(path)?.split('\n') ?? [];
      if (lines[0] !== path || lines.at(-2) !== `end of ${path}`) wrong.push(`a file is not whole: ${path}`);
    }
    for (const path of this.forbidden)
      if (existsSync(join(this.#workspace, path)))
        wrong.push(`a file was written that a person said no to: ${path}`);
    for (const token of this.revoked.slice(-3)) {
      const response = await fetch(host.ready.mcp, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
      });
      await response.body?.cancel();
      if (response.status !== 401) wrong.push(`a revoked client was answered ${response.status}`);
    }
    const verified = await host.api('audit.verify');
    if (!verified.ok) wrong.push(`the log does not verify: ${JSON.stringify(verified.bad)}`);
    return wrong;
  }

  /** Forgets files of before: whoever holds the ledger has removed them. */
  swept(): void {
    this.written.clear();
    this.forbidden.clear();
    this.#begun.clear();
  }

  #read(): void {
    const db = new Database(join(this.#home, 'fastband.db'), { readonly: true, fileMustExist: true });
    try {
      const sql = 'SELECT seq, type, call_id, detail FROM audit WHERE seq > ? ORDER BY seq';
      for (const row of db.prepare<[number], Row>(sql).iterate(this.#seen)) this.#take(row);
      // A host that starts drops what was granted until the last one ended, and what is past its hour.
      const kept = db.prepare<[], string>('SELECT id FROM grants').pluck().all();
      for (const id of this.#passing) {
        if (kept.includes(id)) continue;
        this.#grants.delete(id);
        this.#passing.delete(id);
      }
    } finally {
      db.close();
    }
  }

  #take({ seq, type, call_id, detail }: Row): void {
    this.#seen = seq;
    const { input, rule, grant, approvalId } = JSON.parse(detail) as Detail;
    if (type === 'call.finished' && call_id !== null) this.#onRecord.calls.add(call_id);
    if (type === 'call.refused' && input?.path !== undefined) this.#onRecord.refused.add(input.path);
    if (type === 'call.started' && input?.path !== undefined) this.#begun.add(input.path);
    if (type === 'approval.settled' && approvalId !== undefined) this.#onRecord.settled.add(approvalId);
    if (type === 'rule.added' && rule !== undefined) {
      this.#rules.add(rule.id);
      this.#onRecord.rules.add(rule.id);
    }
    if (type === 'rule.removed' && rule !== undefined) this.#rules.delete(rule.id);
    if (type === 'grant.added' && grant !== undefined) {
      this.#grants.add(grant.id);
      if (grant.scope !== 'always') this.#passing.add(grant.id);
    }
    if (type === 'grant.revoked' && grant !== undefined) this.#grants.delete(grant.id);
  }

  #contentOf(path: string): string | undefined {
    const file = join(this.#workspace, path);
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  }

  /** What calls may have written, without what is not yet in its place. */
  #files(): string[] {
    return ['free', 'asked', 'locked'].flatMap((folder) =>
      existsSync(join(this.#workspace, folder))
        ? readdirSync(join(this.#workspace, folder))
            .filter((name) => name.endsWith('.txt'))
            .map((name) => `${folder}/${name}`)
        : [],
    );
  }
}
