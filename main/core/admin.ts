import { realpath, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { SettingsImport } from '../../contract/about.ts';
import type { ChannelInput, ChannelOutput } from '../../contract/channels.ts';
import { showLine } from '../../contract/display.ts';
import type { Client, ModelLimits, ToolInfo, Workspace } from '../../contract/entities.ts';
import type { Grant, Rule, RuleInput, RulesImport } from '../../contract/policy.ts';
import { matchText } from '../../contract/sentences.ts';
import type { Settings, SettingsPatch } from '../../contract/settings.ts';
import { en } from '../../contract/words-en.ts';
import { planImport, resetPatch } from '../config/settings-transfer.ts';
import { isOwn } from '../guard/fs-home.ts';
import type { AuditEntry } from './audit-entry.ts';
import { canonicalJson } from './canonical.ts';
import { FastbandError } from './errors.ts';
import { newId } from './ids.ts';
import { compileMatch } from './match.ts';
import { readPolicy } from './policy-reader.ts';
import type { Redactor } from './redact.ts';

/** The tables that a person's changes go to, as far as they are used here. */
export interface AdminStore {
  readonly audit: { append(entry: AuditEntry): unknown };
  readonly clients: {
    create(name: string): { client: Client; token: string };
    revoke(id: string): Client;
    setToolsOff(id: string, names: readonly string[]): Client;
    setLimits(id: string, limits: ModelLimits): Client;
  };
  readonly workspaces: {
    list(): readonly Workspace[];
    add(workspace: { name: string; root: string; readOnly: boolean }): Workspace;
    setReadOnly(name: string, readOnly: boolean): Workspace;
    remove(name: string): Workspace;
  };
  readonly rules: {
    list(): readonly Rule[];
    add(input: RuleInput): Rule;
    update(id: string, input: RuleInput): Rule;
    remove(id: string): Rule;
  };
  readonly grants: { revoke(id: string): Grant };
  readonly toolSwitches: { set(name: string, enabled: boolean): void };
  transaction<T>(run: () => T): T;
}

export interface AdminDeps {
  readonly store: AdminStore;
  readonly settings: { readonly current: Settings; update(patch: SettingsPatch): Settings };
  readonly redactor: Redactor;
  readonly random: (bytes: number) => Uint8Array;
  readonly home: string;
  readonly tool: (name: string) => ToolInfo;
  readonly undo: (callId: string, newCallId: string) => Promise<{ restored: string[] }>;
  /** Called once after each change, so that it takes effect on what waits and what runs. */
  readonly changed: (what: 'clients' | 'policy' | 'tools' | 'workspaces' | 'settings') => void;
}

/** What a person changes. Each change and its audit row commit together, or neither does. */
export class Admin {
  readonly #deps: AdminDeps;

  constructor(deps: AdminDeps) {
    this.#deps = deps;
  }

  /** @throws FastbandError `conflict` when a client of this name is active */
  createClient(name: string): ChannelOutput<'clients.create'> {
    return this.#change(
      'clients',
      () => this.#deps.store.clients.create(name),
      ({ client }) => ({
        type: 'client.added',
        summary: `Client ${showLine(client.name)} was added.`,
        detail: { clientId: client.id },
      }),
    );
  }

  revokeClient(id: string): Client {
    return this.#change(
      'clients',
      () => this.#deps.store.clients.revoke(id),
      (client) => ({
        type: 'client.revoked',
        summary: `Client ${showLine(client.name)} was revoked.`,
        detail: { clientId: client.id },
      }),
    );
  }

  /** @throws FastbandError `not_found` when the client or one of the tools does not exist */
  setClientTools(id: string, toolsOff: readonly string[]): Client {
    for (const name of toolsOff) this.#deps.tool(name);
    return this.#change(
      'tools',
      () => this.#deps.store.clients.setToolsOff(id, toolsOff),
      (client) => ({
        type: 'client.changed',
        summary:
          client.toolsOff.length === 0
            ? `Client ${showLine(client.name)} may use every tool that is on.`
            : `Switched off for client ${showLine(client.name)}: ${client.toolsOff.join(', ')}.`,
        detail: { clientId: client.id, toolsOff: client.toolsOff },
      }),
    );
  }

  /** @throws FastbandError `not_found`, `conflict` when the client was revoked */
  setClientLimits(id: string, limits: ModelLimits): Client {
    return this.#change(
      'clients',
      () => this.#deps.store.clients.setLimits(id, limits),
      (client) => ({
        type: 'client.changed',
        summary: `Client ${showLine(client.name)} may use ${limitWords(client)} of AI models in a day.`,
        detail: { clientId: client.id, ...limits },
      }),
    );
  }

  /** @throws FastbandError `invalid_input` when a pattern has no clear meaning */
  addRule(input: RuleInput): Rule {
    compileMatch(input.match);
    return this.#change('policy', () => this.#deps.store.rules.add(input), addedRow);
  }

  /** @throws FastbandError `invalid_input` when a pattern has no clear meaning, `not_found` */
  updateRule(id: string, input: RuleInput): Rule {
    compileMatch(input.match);
    return this.#change(
      'policy',
      () => this.#deps.store.rules.update(id, input),
      (rule) => ({ type: 'rule.changed', summary: `Rule changed: ${ruleWords(rule)}.`, detail: { rule } }),
    );
  }

  /** Takes over the rules of a policy file, all of them or none. With a problem in it, nothing. */
  async importRules({ text, replace, dryRun }: ChannelInput<'rules.import'>): Promise<RulesImport> {
    let wanted: readonly RuleInput[];
    try {
      wanted = (await readPolicy(text, 'This file')).rules;
    } catch (error) {
      if (!(error instanceof FastbandError)) throw error;
      return { added: [], removed: [], kept: 0, problem: error.message, applied: false };
    }
    const { rules } = this.#deps.store;
    const known = new Map(rules.list().map((rule) => [canonicalJson(ruleBody(rule)), rule]));
    const named = new Set(wanted.map((rule) => canonicalJson(rule)));
    const added = wanted.filter((rule) => !known.has(canonicalJson(rule)));
    const removed = replace ? [...known].flatMap(([body, rule]) => (named.has(body) ? [] : [rule])) : [];
    const kept = wanted.length - added.length;
    if (dryRun || added.length + removed.length === 0)
      return { added: [...added], removed, kept, applied: false };
    this.#deps.store.transaction(() => {
      for (const { id } of removed) this.#append(removedRow(rules.remove(id)));
      for (const rule of added) this.#append(addedRow(rules.add(rule)));
    });
    this.#deps.changed('policy');
    return { added: [...added], removed, kept, applied: true };
  }

  removeRule(id: string): Rule {
    return this.#change('policy', () => this.#deps.store.rules.remove(id), removedRow);
  }

  revokeGrant(id: string): Grant {
    return this.#change(
      'policy',
      () => this.#deps.store.grants.revoke(id),
      (grant) => ({
        type: 'grant.revoked',
        summary: `Grant revoked: ${showLine(grant.clientName)} may no longer ${matchText(grant.match, en)}.`,
        detail: { grant },
      }),
    );
  }

  setToolEnabled(name: string, enabled: boolean): ToolInfo {
    this.#deps.tool(name);
    this.#change(
      'tools',
      () => this.#deps.store.toolSwitches.set(name, enabled),
      () => ({
        type: enabled ? 'tool.enabled' : 'tool.disabled',
        tool: name,
        summary: `Tool ${name} was switched ${enabled ? 'on' : 'off'}.`,
      }),
    );
    return this.#deps.tool(name);
  }

  /**
   * A folder that holds Fastband's own is taken: the guards keep clients out of that part.
   *
   * @throws FastbandError `not_found` or `invalid_input` when the folder is missing, no folder, or lies in Fastband's
   *   own; `conflict` when the name or folder is taken
   */
  async addWorkspace(input: ChannelInput<'workspaces.add'>): Promise<Workspace> {
    const root = await existingFolder(input.root);
    if (isOwn(root, this.#deps.home)) {
      throw new FastbandError(
        'invalid_input',
        'This folder is part of where Fastband keeps its own data. Choose another.',
      );
    }
    const taken = this.#deps.store.workspaces.list();
    const same = taken.find((one) => one.root === root);
    if (same !== undefined)
      throw new FastbandError('conflict', `This folder is the workspace ${same.name} already.`);
    const name = input.name ?? freeName(basename(root), taken);
    return this.#change(
      'workspaces',
      () => this.#deps.store.workspaces.add({ name, root, readOnly: input.readOnly }),
      (workspace) => ({
        type: 'workspace.added',
        summary: `Workspace ${workspace.name} was added${workspace.readOnly ? ', read only' : ''}.`,
        detail: { name: workspace.name, root: workspace.root, readOnly: workspace.readOnly },
      }),
    );
  }

  setReadOnly(name: string, readOnly: boolean): Workspace {
    return this.#change(
      'workspaces',
      () => this.#deps.store.workspaces.setReadOnly(name, readOnly),
      () => ({
        type: 'workspace.changed',
        summary: `Workspace ${name} may ${readOnly ? 'only be read from now on' : 'be changed from now on'}.`,
        detail: { name, readOnly },
      }),
    );
  }

  removeWorkspace(name: string): Workspace {
    return this.#change(
      'workspaces',
      () => this.#deps.store.workspaces.remove(name),
      (workspace) => ({
        type: 'workspace.removed',
        summary: `Workspace ${workspace.name} was removed. Its files were not touched.`,
        detail: { name, root: workspace.root },
      }),
    );
  }

  updateSettings(patch: SettingsPatch): Settings {
    // The row comes first: were the log to fail, no setting would have changed unseen.
    this.#append({
      type: 'settings.changed',
      summary: `Settings changed: ${settingNames(patch).join(', ')}.`,
      detail: { patch },
    });
    const settings = this.#deps.settings.update(patch);
    this.#deps.changed('settings');
    return settings;
  }

  /** @throws FastbandError `not_found` when there is no such setting */
  resetSettings(section?: string, key?: string): Settings {
    return this.#updateIfAny(resetPatch(this.#deps.settings.current, section, key));
  }

  /** Takes settings over from a file's text; with a problem in it, nothing. */
  importSettings(json: string, dryRun: boolean): SettingsImport {
    const { patch, changes, problems } = planImport(this.#deps.settings.current, json);
    const applied = !dryRun && problems.length === 0;
    if (applied) this.#updateIfAny(patch);
    return { changes, problems, applied };
  }

  #updateIfAny(patch: SettingsPatch): Settings {
    return Object.keys(patch).length === 0 ? this.#deps.settings.current : this.updateSettings(patch);
  }

  /** Puts back what a call changed; the undo is a call of its own. @throws FastbandError `conflict`, `not_found` */
  async undo(callId: string): Promise<ChannelOutput<'journal.undo'>> {
    const newCallId = newId('c', this.#deps.random);
    this.#append({
      type: 'undo',
      callId: newCallId,
      summary: `Undo of ${callId} began.`,
      detail: { of: callId },
    });
    try {
      const { restored } = await this.#deps.undo(callId, newCallId);
      this.#append({
        type: 'undo',
        callId: newCallId,
        outcome: 'ok',
        summary: `Undid ${callId}: ${restored.length} ${restored.length === 1 ? 'path' : 'paths'} put back.`,
        detail: { of: callId, restored },
      });
      return { callId: newCallId, restored };
    } catch (error) {
      const message = error instanceof FastbandError ? error.message : 'an internal error';
      this.#append({
        type: 'undo',
        callId: newCallId,
        outcome: 'error',
        summary: `Undo of ${callId} was refused: ${message}`,
        detail: { of: callId },
      });
      throw error;
    }
  }

  #change<T>(
    what: Parameters<AdminDeps['changed']>[0],
    run: () => T,
    row: (result: T) => Omit<AuditEntry, 'actor'>,
  ): T {
    const result = this.#deps.store.transaction(() => {
      const done = run();
      this.#append(row(done));
      return done;
    });
    this.#deps.changed(what);
    return result;
  }

  #append(entry: Omit<AuditEntry, 'actor'>): void {
    const { redactor, store } = this.#deps;
    store.audit.append({
      ...entry,
      actor: 'person',
      summary: redactor.text(entry.summary),
      ...(entry.detail === undefined ? {} : { detail: redactor.json(entry.detail) }),
    });
  }
}

function addedRow(rule: Rule): Omit<AuditEntry, 'actor'> {
  return { type: 'rule.added', summary: `Rule added: ${ruleWords(rule)}.`, detail: { rule } };
}

function removedRow(rule: Rule): Omit<AuditEntry, 'actor'> {
  return { type: 'rule.removed', summary: `Rule removed: ${ruleWords(rule)}.`, detail: { rule } };
}

function ruleWords(rule: Rule): string {
  const verb = { allow: 'may', ask: 'must ask to', deny: 'may not' }[rule.effect];
  return `${showLine(rule.client ?? 'any client')} ${verb} ${matchText(rule.match, en)}`;
}

function settingNames(patch: SettingsPatch): string[] {
  return Object.entries(patch).flatMap(([section, fields]) =>
    Object.keys(fields ?? {}).map((field) => `${section}.${field}`),
  );
}

async function existingFolder(path: string): Promise<string> {
  try {
    const root = await realpath(resolve(path));
    if (!(await stat(root)).isDirectory())
      throw new FastbandError('invalid_input', `${showLine(path)} is not a folder.`);
    return root;
  } catch (error) {
    if (error instanceof FastbandError) throw error;
    throw new FastbandError('not_found', `There is no folder ${showLine(path)}, or it cannot be opened.`, {
      cause: error,
    });
  }
}

function freeName(base: string, taken: readonly Workspace[]): string {
  const clean =
    base
      .replace(/[^A-Za-z0-9._-]+/g, '-')
      .replace(/^[.-]+/, '')
      .slice(0, 56) || 'workspace';
  const used = new Set(taken.map((one) => one.name));
  if (!used.has(clean)) return clean;
  for (let i = 2; ; i++) if (!used.has(`${clean}-${i}`)) return `${clean}-${i}`;
}

/** A rule without what its table adds: as a person wrote it. */
export function ruleBody({ id: _id, createdAt: _at, source: _source, ...body }: Rule): RuleInput {
  return body;
}

function limitWords({ dailyTokens, dailyCents }: Client): string {
  const words = (limit: number | undefined, unit: string) =>
    limit === undefined
      ? `as many ${unit} as the settings say`
      : limit === 0
        ? `${unit} without a limit`
        : `${limit} ${unit}`;
  return `${words(dailyTokens, 'tokens')} and ${words(dailyCents, 'cents')}`;
}
