import { realpath } from 'node:fs/promises';
import type { Channel, ChannelInput, ChannelOutput } from '../contract/channels.ts';
import type { ServerStatus } from '../contract/entities.ts';
import type { HostEvent } from '../contract/events.ts';
import type { Explanation, Rule } from '../contract/policy.ts';
import { openSettings, type SettingsStore } from './config/settings.ts';
import { Admin } from './core/admin.ts';
import { ApprovalQueue, type GrantRequest } from './core/approvals.ts';
import { AuthFailures } from './core/auth-failures.ts';
import { showLine } from './core/display.ts';
import { Dispatcher } from './core/dispatch.ts';
import { FastbandError } from './core/errors.ts';
import { ChangeJournal } from './core/journal.ts';
import { compilePolicy, denyEverything, type Policy } from './core/policy.ts';
import { loadProjectRules, type ProjectRules } from './core/project-policy.ts';
import { createRedactor, type Redactor } from './core/redact.ts';
import type { HostFacts, Tool } from './core/tool.ts';
import { matchWords } from './core/words.ts';
import { handle } from './handlers.ts';
import { McpHttp } from './mcp/http.ts';
import { workspaceResources } from './mcp/resources.ts';
import { McpServerFactory, type ResourceProvider } from './mcp/server.ts';
import type { Ports } from './ports.ts';
import { lockHome } from './store/lock.ts';
import { openStore, type Store } from './store/open.ts';
import { BUILT_IN_TOOLS } from './tools/built-in.ts';
import { ToolRegistry } from './tools/registry.ts';
import { VERSION } from './version.ts';

export interface AppOptions {
  /** `host` serves and owns the home folder; `cli` works beside a host, or without one. */
  readonly role: 'host' | 'cli';
  /** Tools and resources beside the built-in ones, through the same door. */
  readonly tools?: readonly Tool[];
  readonly resources?: readonly ResourceProvider[];
}

/** What hosts, the panel and the CLI hold of the core. */
export interface App {
  readonly settings: SettingsStore;
  readonly store: Store;
  readonly redactor: Redactor;
  /** Parses, then does. @throws FastbandError */
  handle<C extends Channel>(channel: C, input: unknown): Promise<ChannelOutput<C>>;
  /** The rows of `audit.export` as text, in chunks, while the log may grow. */
  exportAudit(input: ChannelInput<'audit.export'>): AsyncIterable<string>;
  subscribe(listener: (event: HostEvent) => void): () => void;
  /** Records a request without a good token or session; repeats are counted into few rows. */
  authFailed(what: string): void;
  /** Tells `server.status` where the panel is. */
  setPanel(url: string | undefined): void;
  start(options?: { port?: number }): Promise<{ mcp: string }>;
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** Another process's changes are noticed at least this often, also when no request comes. */
const POLL_MS = 300;
const SWEEP_MS = 60 * 60 * 1000;

/**
 * Composes the whole core under plain Node. Nothing listens before `start`.
 *
 * @throws FastbandError `home_in_use` (another host has this home), `settings_invalid`, `audit_unavailable`
 */
export async function composeApp(ports: Ports, options: AppOptions): Promise<App> {
  const core = await Core.open(ports, options);
  return {
    settings: core.settings,
    store: core.store,
    redactor: core.redactor,
    handle: (channel, input) => handle(core, channel, input),
    exportAudit: ({ format, filter }) => core.store.audit.export(format, filter),
    subscribe: (listener) => core.subscribe(listener),
    authFailed: (what) => core.authFailures.record(what),
    setPanel: (url) => core.setPanel(url),
    start: (start) => core.startServer(start),
    stop: () => core.stopServer(),
    close: () => core.close(),
  };
}

/** The parts and what ties them together; `handlers.ts` is the one other place that sees inside. */
export class Core {
  readonly store: Store;
  readonly settings: SettingsStore;
  readonly redactor: Redactor;
  readonly registry: ToolRegistry;
  readonly approvals: ApprovalQueue;
  readonly dispatcher: Dispatcher;
  readonly journal: ChangeJournal;
  readonly admin: Admin;
  readonly authFailures: AuthFailures;
  readonly #ports: Ports;
  readonly #options: AppOptions;
  readonly #unlock: () => void;
  readonly #listeners = new Set<(event: HostEvent) => void>();
  readonly #factory: McpServerFactory;
  #http: McpHttp | undefined;
  #mcp: string | undefined;
  #panel: string | undefined;
  #startedAt: number | undefined;
  #policy: { readonly version: number; readonly projects: ProjectRules; readonly compiled: Policy } | undefined;
  #projects: ProjectRules;
  #seen: { version: number; tools: string; workspaces: string } = { version: -1, tools: '', workspaces: '' };
  #cache: { version: number; workspaces: ReturnType<Store['workspaces']['list']>; off: ReadonlySet<string> } | undefined;
  #clientIds: { version: number; ids: ReadonlySet<string> } | undefined;
  #stopPolling = () => {};
  #stopSweeping = () => {};
  #auditWasOk = true;

  static async open(ports: Ports, options: AppOptions): Promise<Core> {
    const store = openStore({ home: ports.home, clock: ports.clock, log: ports.log });
    let unlock = () => {};
    try {
      if (options.role === 'host') {
        unlock = lockHome(ports.home);
        store.grants.clearSession();
      }
      const settings = openSettings({ home: ports.home, log: ports.log, watch: options.role === 'host' });
      const projects = await loadProjectRules(store.workspaces.list(), undefined);
      return new Core({ ...ports, home: await realpath(ports.home) }, options, store, settings, projects, unlock);
    } catch (error) {
      unlock();
      store.close();
      throw error;
    }
  }

  private constructor(
    hostPorts: Ports,
    options: AppOptions,
    store: Store,
    settings: SettingsStore,
    projects: ProjectRules,
    unlock: () => void,
  ) {
    const ports: Ports = { ...hostPorts, notify: (event) => this.#tell(event, hostPorts) };
    this.#ports = ports;
    this.#options = options;
    this.store = this.#announced(store);
    this.settings = settings;
    this.#projects = projects;
    this.#unlock = unlock;
    this.redactor = createRedactor(ports.secrets);
    this.registry = new ToolRegistry([...BUILT_IN_TOOLS, ...(options.tools ?? [])], () => this.#tables().off);
    this.authFailures = new AuthFailures(ports.clock, (summary) => this.#audit({ type: 'auth.failed', actor: 'unknown', outcome: 'denied', summary }));
    this.journal = new ChangeJournal({
      rows: this.store.journal,
      home: ports.home,
      settings: () => settings.current,
      clock: ports.clock,
      log: ports.log,
      random: ports.random,
      workspaces: () => this.#tables().workspaces,
    });
    this.approvals = new ApprovalQueue(ports, {
      asked: (approval, callId) =>
        this.store.audit.append({
          type: 'approval.asked',
          callId,
          actor: approval.clientName,
          clientId: approval.clientId,
          tool: approval.tool,
          decision: 'ask',
          kinds: [...new Set(approval.effects.map((effect) => effect.kind))],
          summary: this.redactor.text(`Asked: ${approval.title}.`),
          detail: { approvalId: approval.id, planHash: approval.planHash },
        }),
      settled: (approval, callId, grant) => this.#recordAnswer(approval, callId, grant),
    });
    this.dispatcher = new Dispatcher({
      ports,
      audit: this.store.audit,
      approvals: this.approvals,
      redactor: this.redactor,
      tool: (name) => this.registry.get(name),
      policy: () => this.#currentPolicy(),
      settings: () => settings.current,
      workspaces: () => this.#tables().workspaces,
      clientActive: (id) => this.#clientActive(id),
      journal: (callId, about) => this.journal.forCall(callId, about),
      grantUsed: (id) => this.store.grants.used(id, ports.clock.now()),
      host: this.#hostFacts(),
    });
    this.#factory = new McpServerFactory({
      registry: this.registry,
      dispatcher: this.dispatcher,
      resources: [workspaceResources(this.dispatcher, () => this.#tables().workspaces), ...(options.resources ?? [])],
      version: VERSION,
      clock: ports.clock,
    });
    this.admin = new Admin({
      store: this.store,
      settings,
      redactor: this.redactor,
      random: ports.random,
      home: ports.home,
      tool: (name) => this.registry.info(name),
      undo: (callId, newCallId) => this.journal.undo(callId, newCallId),
      changed: () => this.#refresh(),
    });
    settings.onChange((current) => ports.notify({ type: 'settings.changed', settings: current }));
  }

  subscribe(listener: (event: HostEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  setPanel(url: string | undefined): void {
    this.#panel = url;
  }

  /** @throws FastbandError `port_in_use` */
  async startServer(options: { port?: number } = {}): Promise<{ mcp: string }> {
    if (this.#options.role !== 'host') throw new FastbandError('host_not_running', 'Only a running host can start its server. Begin one with "fastband serve".');
    if (this.#mcp !== undefined) return { mcp: this.#mcp };
    const { clock, random, log } = this.#ports;
    const http = new McpHttp({
      factory: this.#factory,
      authenticate: (token) => {
        const client = this.store.clients.byToken(token);
        if (client !== undefined) this.store.clients.touch(client.id, clock.now());
        return client;
      },
      onAuthFailure: (what) => this.authFailures.record(what),
      callsPerMinute: () => this.settings.current.limits.callsPerMinute,
      random,
      clock,
      log,
    });
    const mcp = await http.listen(options.port ?? this.settings.current.server.port);
    try {
      this.#audit({ type: 'server.started', actor: 'fastband', summary: `The server started at ${mcp}.` });
    } catch (error) {
      // Started unseen it would refuse every call anyway; the status says why.
      log.error({ err: error }, 'the audit log cannot be written');
    }
    this.dispatcher.resume();
    this.#http = http;
    this.#mcp = mcp;
    this.#startedAt = clock.now();
    this.#seen = this.#snapshot();
    this.#poll();
    this.#sweep();
    this.#tellState();
    return { mcp };
  }

  async stopServer(): Promise<void> {
    const http = this.#http;
    if (http === undefined) return;
    this.#http = undefined;
    this.#mcp = undefined;
    this.#startedAt = undefined;
    this.#stopPolling();
    this.#stopSweeping();
    await this.dispatcher.stop();
    await http.close();
    this.authFailures.flush();
    this.#tryAudit({ type: 'server.stopped', actor: 'fastband', summary: 'The server stopped.' });
    this.#tellState();
  }

  async close(): Promise<void> {
    await this.stopServer();
    this.settings.close();
    this.store.close();
    this.#unlock();
  }

  status(): ServerStatus {
    const auditOk = this.store.audit.healthy();
    const problems = [
      ...(auditOk ? [] : ['The audit log cannot be written, so calls are refused. Free disk space and check the folder’s permissions.']),
      ...(this.settings.problem === undefined ? [] : [this.settings.problem]),
      ...this.#projects.problems,
    ];
    return {
      running: this.#mcp !== undefined,
      version: VERSION,
      ...(this.#mcp === undefined ? {} : { mcp: this.#mcp }),
      ...(this.#panel === undefined ? {} : { panel: this.#panel }),
      home: this.#ports.home,
      pid: process.pid,
      ...(this.#startedAt === undefined ? {} : { startedAt: this.#startedAt }),
      waitingApprovals: this.approvals.waiting,
      activeCalls: this.dispatcher.activeCalls,
      audit: auditOk ? 'ok' : 'failing',
      problems,
    };
  }

  /** A person's rules, then those of the workspaces' own policy files. */
  rules(): Rule[] {
    return [...this.store.rules.list(), ...this.#projects.rules];
  }

  explain({ tool, input, client }: ChannelInput<'rules.explain'>): Promise<Explanation> {
    const known = this.store.clients.list().find((one) => one.name === client && one.revokedAt === undefined);
    if (client !== undefined && known === undefined) throw new FastbandError('not_found', `There is no client "${showLine(client)}".`);
    return this.dispatcher.explain(known ?? { id: '', name: '' }, tool, input);
  }

  async measureExport({ format, filter }: ChannelInput<'audit.export'>): Promise<{ rows: number; bytes: number }> {
    let rows = 0;
    let bytes = 0;
    for await (const chunk of this.store.audit.export(format, filter)) {
      rows += chunk.split('\n').length - 1;
      bytes += Buffer.byteLength(chunk);
    }
    return { rows: format === 'csv' ? Math.max(0, rows - 1) : rows, bytes };
  }

  #recordAnswer(approval: Parameters<ConstructorParameters<typeof ApprovalQueue>[1]['settled']>[0], callId: string, request: GrantRequest | undefined): void {
    const { clock } = this.#ports;
    const byPerson = approval.status === 'allowed' || approval.status === 'denied';
    this.store.transaction(() => {
      this.store.audit.append({
        type: 'approval.settled',
        callId,
        actor: byPerson ? 'person' : 'fastband',
        clientId: approval.clientId,
        tool: approval.tool,
        decision: approval.status === 'allowed' ? 'allow' : 'deny',
        summary: this.redactor.text(`${SETTLED_WORDS[approval.status]}: ${approval.title}${approval.reason === undefined ? '' : ` (${approval.reason})`}.`),
        detail: { approvalId: approval.id, planHash: approval.planHash, status: approval.status, scope: request?.scope ?? 'once' },
      });
      for (const match of request?.matches ?? []) {
        const grant = this.store.grants.add({
          clientId: approval.clientId,
          clientName: approval.clientName,
          match,
          scope: request?.scope ?? 'session',
          tool: approval.tool,
          toolHash: request?.toolHash ?? '',
          approvalId: approval.id,
          ...(request?.scope === 'hour' ? { expires: clock.now() + 60 * 60 * 1000 } : {}),
        });
        this.store.audit.append({
          type: 'grant.added',
          actor: 'person',
          clientId: approval.clientId,
          summary: this.redactor.text(`Granted: ${showLine(approval.clientName)} may ${matchWords(match)} (${grant.scope}).`),
          detail: { grant: this.redactor.json(grant) },
        });
      }
    });
    // Not now: the answer that is being given comes first, then what else the grant covers.
    if (request !== undefined) clock.after(0, () => this.#refresh());
  }

  /** Judges waiting and running calls again and tells clients of changed lists, when a table really changed. */
  #refresh(): void {
    const now = this.#snapshot();
    if (now.version === this.#seen.version) return;
    const { tools, workspaces } = this.#seen;
    this.#seen = now;
    this.dispatcher.policyChanged();
    if (this.#http === undefined) return;
    if (tools !== now.tools) this.#http.toolsChanged();
    if (workspaces !== now.workspaces) {
      this.#http.resourcesChanged();
      void this.#reloadProjects();
    }
    for (const client of this.store.clients.list()) if (client.revokedAt !== undefined) this.#http.disconnect(client.id);
  }

  #snapshot(): { version: number; tools: string; workspaces: string } {
    const { off, workspaces } = this.#tables();
    return { version: this.store.version(), tools: [...off].sort().join(' '), workspaces: JSON.stringify(workspaces) };
  }

  #poll(): void {
    this.#stopPolling = this.#ports.clock.after(POLL_MS, () => {
      this.#poll();
      this.#refresh();
      void this.#reloadProjects();
      const ok = this.store.audit.healthy();
      if (ok !== this.#auditWasOk) this.#tellState();
      this.#auditWasOk = ok;
    });
  }

  #sweep(): void {
    const run = async () => {
      try {
        await this.journal.sweep();
        const days = this.settings.current.audit.retentionDays;
        if (days > 0) await this.store.audit.retire(this.#ports.clock.now() - days * 86_400_000);
      } catch (error) {
        this.#ports.log.error({ err: error }, 'retention failed; it is tried again in an hour');
      }
    };
    void run();
    this.#stopSweeping = this.#ports.clock.after(SWEEP_MS, () => this.#sweep());
  }

  async #reloadProjects(): Promise<void> {
    const loaded = await loadProjectRules(this.#tables().workspaces, this.#projects);
    if (loaded === this.#projects) return;
    this.#projects = loaded;
    this.dispatcher.policyChanged();
    this.#tellState();
  }

  #currentPolicy(): Policy {
    const version = this.store.version();
    const cached = this.#policy;
    if (cached !== undefined && cached.version === version && cached.projects === this.#projects) return cached.compiled;
    let compiled: Policy;
    try {
      compiled = compilePolicy({ rules: this.rules(), grants: this.store.grants.list(), toolHashes: this.registry.hashes() });
    } catch (error) {
      this.#ports.log.error({ err: error }, 'the policy cannot be read, so everything is denied');
      compiled = denyEverything('The policy cannot be read, so everything is denied. Run "fastband doctor".');
    }
    this.#policy = { version, projects: this.#projects, compiled };
    return compiled;
  }

  #tables(): { workspaces: ReturnType<Store['workspaces']['list']>; off: ReadonlySet<string> } {
    const version = this.store.version();
    const cached = this.#cache;
    if (cached?.version === version) return cached;
    const fresh = { version, workspaces: this.store.workspaces.list(), off: this.store.toolSwitches.disabled() };
    this.#cache = fresh;
    return fresh;
  }

  #clientActive(id: string): boolean {
    const version = this.store.version();
    let known = this.#clientIds;
    if (known?.version !== version) {
      const active = this.store.clients.list().filter((client) => client.revokedAt === undefined);
      known = { version, ids: new Set(active.map((client) => client.id)) };
      this.#clientIds = known;
    }
    return known.ids.has(id);
  }

  #hostFacts(): HostFacts {
    return {
      version: VERSION,
      startedAt: this.#ports.clock.now(),
      auditOk: () => this.store.audit.healthy(),
      toolCount: () => this.registry.enabled().length,
      waitingApprovals: () => this.approvals.waiting,
    };
  }

  /** The same store, whose audit rows are also told to whoever listens. */
  #announced(store: Store): Store {
    const append: Store['audit']['append'] = (entry) => {
      const row = store.audit.append(entry);
      if (this.#listeners.size > 0) this.#ports.notify({ type: 'audit.row', row });
      return row;
    };
    const audit = new Proxy(store.audit, {
      get: (target, key) => {
        if (key === 'append') return append;
        const member: unknown = Reflect.get(target, key, target);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
    return new Proxy(store, {
      get: (target, key) => {
        if (key === 'audit') return audit;
        const member: unknown = Reflect.get(target, key, target);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
  }

  #audit(entry: Parameters<Store['audit']['append']>[0]): void {
    this.store.audit.append(entry);
  }

  #tryAudit(entry: Parameters<Store['audit']['append']>[0]): void {
    try {
      this.#audit(entry);
    } catch (error) {
      this.#ports.log.error({ err: error }, 'the audit log cannot be written');
    }
  }

  #tellState(): void {
    this.#ports.notify({ type: 'server.state', status: this.status() });
  }

  #tell(event: HostEvent, host: Ports): void {
    host.notify(event);
    for (const listener of this.#listeners) listener(event);
  }
}

const SETTLED_WORDS = {
  waiting: 'Waiting',
  allowed: 'Allowed',
  denied: 'Denied',
  timeout: 'No answer in time',
  cancelled: 'Cancelled',
} as const;
