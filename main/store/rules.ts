import { randomBytes } from 'node:crypto';
import { Rule, RuleInput } from '../../contract/policy.ts';
import { FastbandError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import type { Tables } from './open.ts';
import { parsePolicyRow } from './rows.ts';

interface Row {
  readonly id: string;
  readonly created_at: number;
  readonly rule: string;
}

export class RuleStore {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** @throws FastbandError `policy_unavailable` */
  list(): Rule[] {
    return this.#tables.db.prepare<[], Row>('SELECT * FROM rules ORDER BY created_at, id').all().map(toRule);
  }

  add(input: RuleInput): Rule {
    const rule: Rule = { ...RuleInput.parse(input), id: newId('r', randomBytes), createdAt: this.#tables.clock.now(), source: 'person' };
    this.#tables.db.prepare('INSERT INTO rules (id, created_at, rule) VALUES (?, ?, ?)').run(rule.id, rule.createdAt, JSON.stringify(input));
    this.#tables.touched();
    return rule;
  }

  /** @throws FastbandError `not_found` */
  remove(id: string): Rule {
    const row = this.#tables.db.prepare<[string], Row>('SELECT * FROM rules WHERE id = ?').get(id);
    if (row === undefined) throw new FastbandError('not_found', 'There is no such rule. A rule of a project is changed in its own policy file.');
    this.#tables.db.prepare('DELETE FROM rules WHERE id = ?').run(id);
    this.#tables.touched();
    return toRule(row);
  }
}

function toRule(row: Row): Rule {
  return parsePolicyRow(Rule, row.rule, { id: row.id, createdAt: row.created_at, source: 'person' });
}
