import { type Rule, RuleInput } from '../../contract/policy.ts';
import { FastbandError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { readPolicy } from './database.ts';
import type { Tables } from './tables.ts';

interface Row {
  readonly id: string;
  readonly created_at: number;
  readonly body: string;
}

/** A person's rules. */
export class RuleStore {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** Oldest first. @throws FastbandError `policy_unavailable` when any of them cannot be read */
  list(): Rule[] {
    return readPolicy(() =>
      this.#tables.db.prepare<[], Row>('SELECT * FROM rules ORDER BY created_at, rowid').all().map(toRule),
    );
  }

  add(input: RuleInput): Rule {
    const { db, transactions, random, clock, touched } = this.#tables;
    const body = RuleInput.parse(input);
    const rule: Rule = { ...body, id: newId('r', random), createdAt: clock.now(), source: 'person' };
    transactions.run(() =>
      db
        .prepare('INSERT INTO rules (id, created_at, body) VALUES (?, ?, ?)')
        .run(rule.id, rule.createdAt, JSON.stringify(body)),
    );
    touched();
    return rule;
  }

  /** Takes the place of a rule, and keeps its id. @throws FastbandError `not_found`, `policy_unavailable` */
  update(id: string, input: RuleInput): Rule {
    const { db, transactions, touched } = this.#tables;
    const body = RuleInput.parse(input);
    return transactions.run(() => {
      const row = readPolicy(() => db.prepare<[string], Row>('SELECT * FROM rules WHERE id = ?').get(id));
      if (row === undefined)
        throw new FastbandError(
          'not_found',
          'There is no such rule. A rule of a project is changed in its own policy file.',
        );
      db.prepare('UPDATE rules SET body = ? WHERE id = ?').run(JSON.stringify(body), id);
      touched();
      return { ...body, id, createdAt: row.created_at, source: 'person' };
    });
  }

  /** @throws FastbandError `not_found`. A rule that cannot be read is not removed by guesswork: `policy_unavailable` */
  remove(id: string): Rule {
    const { db, transactions, touched } = this.#tables;
    return transactions.run(() => {
      const row = readPolicy(() => db.prepare<[string], Row>('SELECT * FROM rules WHERE id = ?').get(id));
      if (row === undefined)
        throw new FastbandError(
          'not_found',
          'There is no such rule. A rule of a project is changed in its own policy file.',
        );
      const rule = readPolicy(() => toRule(row));
      db.prepare('DELETE FROM rules WHERE id = ?').run(id);
      touched();
      return rule;
    });
  }
}

function toRule(row: Row): Rule {
  const body = RuleInput.parse(JSON.parse(row.body));
  return { ...body, id: row.id, createdAt: row.created_at, source: 'person' };
}
