import { realpath } from 'node:fs/promises';
import type { About, Diagnostics } from '../contract/about.ts';
import { type AuditRow, type AuditVerifyOutput, INDEX_TASK } from '../contract/audit.ts';
import type { ChannelInput } from '../contract/channels.ts';
import { showLine } from '../contract/display.ts';
import type {
  ClientState,
  HealthCheck,
  SecurityCheck,
  ServerStatus,
  Workspace,
} from '../contract/entities.ts';
import type { HostEvent } from '../contract/events.ts';
import type { Explanation, Rule, RulePreview } from '../contract/policy.ts';
import { aboutHost } from './about.ts';
import { Backups } from './backup/backups.ts';
import { openSettings, type SettingsStore } from './config/settings.ts';
import { Admin } from './core/admin.ts';
import { approvalRecords } from './core/approval-records.ts';
import { ApprovalQueue } from './core/approvals.ts';
import { AuthFailures } from './core/auth-failures.ts';
import { Dispatcher } from './core/dispatch.ts';
import { FastbandError, toWireError } from './core/errors.ts';
import { Gallery } from './core/gallery.ts';
import { ChangeJournal } from './core/journal.ts';
import { compilePolicy } from './core/policy.ts';
import { loadProjectRules, type ProjectRules } from './core/project-policy.ts';
import { type RecentLog, recentLog } from './core/recent-log.ts';
import { createRedactor, type Redactor } from './core/redact.ts';
import { previewOn } from './core/rule-preview.ts';
import { steadyClock } from './core/steady-clock.ts';
import { Tasks } from './core/tasks.ts';
import type { HostFacts, Tool } from './core/tool.ts';
import { TRIAL } from './core/trial.ts';
import { createDiagnostics } from './diagnostics.ts';
import { programWithFuses, wrongFuses } from './fuses.ts';
import { createNet } from './guard/net.ts';
import { examineHealth } from './health.ts';
import { LiveTables, type Snapshot } from './live-tables.ts';
import { McpHttp } from './mcp/http.ts';
import { pictureResources } from './mcp/picture-resources.ts';
import { workspaceResources } from './mcp/resources.ts';
import { McpServerFactory, type ResourceProvider } from './mcp/server.ts';
import type { Clock, Ports } from './ports.ts';
import { Budget } from './providers/budget.ts';
import type { Models } from './providers/models.ts';
import { brokenChain, type DesktopFacts, examineSecurity, type Verified } from './security.ts';
import type { Watch } from './store/audit-verifier.ts';
import { lockHome } from './store/lock.ts';
import { openStore, type Store } from './store/open.ts';
import { Browsers } from './tools/browser/browsers.ts';
import { builtInTools } from './tools/built-in.ts';
import { ToolRegistry } from './tools/registry.ts';
import type { ToolFamily } from './tools/services.ts';
import { KeyAdmin } from './vault/key-admin.ts';
import { keychain } from './vault/system-keychain.ts';
import { Vault } from './vault/vault.ts';
import { VERSION } from './version.ts';

export interface AppOptions {
  /** `host` serves and owns the home folder; `cli` works beside a host, or without one. */
  readonly role: 'host' | 'cli';
  /** Tools and resources beside the built-in ones, through the same door. */
  readonly tools?: readonly Tool[];
  readonly resources?: readonly ResourceProvider[];
  /** What the app knows of itself, asked each time. */
  readonly desktop?: () => Omit<DesktopFacts, 'automatic' | 'wrongFuses'>;
}

/** How many rows of calls a rule is tried on. */
const PREVIEWED = 1000;
/** Another process's changes are noticed at least this often, also when no request comes. */
const POLL_MS = 300;
const SWEEP_MS = 60 * 60 * 1000;
/** The log is verified when a start has come to rest, and each day from then on. */
const FIRST_VERIFY_MS = 2 * 60 * 1000;
const VERIFY_MS = 24 * 60 * 60 * 1000;

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
  readonly tasks: Tasks;
  readonly vault: Vault;
  readonly keyAdmin: KeyAdmin;
  readonly budget: Budget;
  #models: Promise<Models> | undefined;
  readonly gallery: Gallery;
  readonly browsers: Browsers;
  readonly backups: Backups;
  readonly #ports: Ports;
  readonly #log: RecentLog;
  readonly #options: AppOptions;
  readonly #unlock: () => void;
  readonly #listeners = new Set<(event: HostEvent) => void>();
  readonly #factory: McpServerFactory;
  readonly #tools: Required<ToolFamily>;
  readonly tables: LiveTables;
  #http: McpHttp | undefined;
  #mcp: string | undefined;
  #panel: string | undefined;
  #startedAt: number | undefined;
  /** Why the server could not start when it was last asked to. */
  #notStarted: string | undefined;
  #seen: Snapshot = { version: -1, tools: '', workspaces: '' };
  #stopPolling = () => {};
  #stopSweeping = () => {};
  #stopVerifying = () => {};
  readonly #stopAnnouncing: () => void;
  #auditWasOk = true;
  #verified: Verified | undefined;
  /** The program does not change under a host that runs. */
  #fuses: Promise<string[] | undefined> | undefined;

  static async open(given: Ports, options: AppOptions): Promise<Core> {
    const log = recentLog(given.log, createRedactor(given.secrets), () => given.clock.now());
    const ports = { ...given, log };
    const store = openStore({ home: ports.home, clock: ports.clock, log: ports.log });
    let unlock = () => {};
    try {
      const steady = steadyClock(ports.clock, store.audit.latestTime());
      if (options.role === 'host') {
        unlock = lockHome(ports.home);
        store.grants.clearSession(steady.now());
      }
      const settings = openSettings({ home: ports.home, log: ports.log, watch: options.role === 'host' });
      const projects = await loadProjectRules(store.workspaces.list(), undefined);
      return new Core(
        { ...ports, home: await realpath(ports.home) },
        options,
        store,
        settings,
        projects,
        steady,
        unlock,
      );
    } catch (error) {
      unlock();
      store.close();
      throw error;
    }
  }

  private constructor(
    hostPorts: Ports & { readonly log: RecentLog },
    options: AppOptions,
    store: Store,
    settings: SettingsStore,
    projects: ProjectRules,
    steady: Clock,
    unlock: () => void,
  ) {
    this.redactor = createRedactor(hostPorts.secrets);
    this.#log = hostPorts.log;
    const ports: Ports = { ...hostPorts, notify: (event) => this.#tell(event, hostPorts) };
    this.#ports = ports;
    this.#options = options;
    this.store = store;
    this.#stopAnnouncing = store.audit.onRow((row) => this.#announce(row));
    store.audit.onIndexed((done, total) =>
      this.#ports.notify({ type: 'task.progress', task: INDEX_TASK, done, total }),
    );
    this.settings = settings;
    this.tables = new LiveTables(store, ports.log, projects, () => this.registry.hashes());
    this.#unlock = unlock;
    const net = createNet({
      allowedHosts: () => settings.current.web.allowedHosts,
      closedPorts: () => [this.#mcp, this.#panel].flatMap((url) => Number(URL.parse(url ?? '')?.port) || []),
    });
    this.vault = new Vault({
      keychain: keychain,
      store: store.keys,
      net,
      clock: ports.clock,
      settings: () => settings.current,
      env: ports.env,
    });
    ports.secrets.also?.(this.vault.values);
    this.budget = new Budget(
      store.spend,
      steady,
      () => settings.current,
      (id) => store.clients.limitsOf(id),
    );
    this.keyAdmin = new KeyAdmin({ vault: this.vault, store, changed: () => this.#refresh() });
    this.gallery = new Gallery({
      rows: store.pictures,
      home: ports.home,
      clock: ports.clock,
      random: ports.random,
      settings: () => settings.current,
      redactor: this.redactor,
      audit: (entry) => this.#audit(entry),
    });
    this.backups = new Backups({
      home: ports.home,
      audit: store.audit,
      clock: ports.clock,
      random: ports.random,
      log: ports.log,
      keys: this.vault,
      settings: () => settings.current,
    });
    this.browsers = new Browsers({
      net,
      ports,
      settings: () => settings.current,
      audit: (entry) => this.#audit(entry),
    });
    this.#tools = builtInTools({
      keys: this.vault,
      net,
      ports,
      models: () => {
        this.#models ??= import('./providers/models.ts').then(
          ({ Models }) => new Models({ net, keys: this.vault, budget: this.budget }),
        );
        return this.#models;
      },
      pictures: this.gallery,
      browsers: this.browsers,
    });
    this.registry = new ToolRegistry(
      [...this.#tools.tools, ...(options.tools ?? [])],
      () => this.tables.toolsOff,
    );
    this.authFailures = new AuthFailures(ports.clock, (summary) =>
      this.#audit({ type: 'auth.failed', actor: 'unknown', outcome: 'denied', summary }),
    );
    this.tasks = new Tasks(ports.clock, (task, done, total) =>
      ports.notify({ type: 'task.progress', task, done, total }),
    );
    this.journal = new ChangeJournal({
      rows: this.store.journal,
      home: ports.home,
      settings: () => settings.current,
      clock: ports.clock,
      log: ports.log,
      random: ports.random,
      workspaces: () => this.tables.workspaces,
    });
    this.approvals = new ApprovalQueue(
      ports,
      approvalRecords({
        store: this.store,
        redactor: this.redactor,
        steady,
        // Not now: the answer that is being given comes first, then what else the grant covers.
        granted: () => void ports.clock.after(0, () => this.#refresh()),
      }),
    );
    this.dispatcher = new Dispatcher({
      ports,
      audit: this.store.audit,
      approvals: this.approvals,
      redactor: this.redactor,
      steady,
      tool: (name, client) => {
        const entry = this.registry.get(name);
        return entry?.enabled === true && this.tables.clientToolsOff(client.id).has(name)
          ? { ...entry, enabled: false }
          : entry;
      },
      policy: () => this.tables.policy(),
      settings: () => settings.current,
      workspaces: () => this.tables.workspaces,
      clientActive: (id) => id === TRIAL.id || this.tables.clientActive(id),
      journal: (callId, about) => this.journal.forCall(callId, about),
      grantUsed: (id) => this.store.grants.used(id, ports.clock.now()),
      host: this.#hostFacts(),
    });
    this.#factory = new McpServerFactory({
      registry: this.registry,
      dispatcher: this.dispatcher,
      resources: [
        workspaceResources(this.dispatcher, () => this.tables.workspaces),
        pictureResources(this.gallery),
        ...(options.resources ?? []),
      ],
      clientToolsOff: (id) => this.tables.clientToolsOff(id),
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
    if (this.#options.role !== 'host')
      throw new FastbandError(
        'host_not_running',
        'Only a running host can start its server. Begin one with "fastband serve".',
      );
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
    let mcp: string;
    try {
      mcp = await http.listen(options.port ?? this.settings.current.server.port);
    } catch (error) {
      this.#notStarted = toWireError(error).message;
      this.#tellState();
      throw error;
    }
    this.#notStarted = undefined;
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
    this.#seen = this.tables.snapshot();
    // Not awaited: a keychain may take seconds, and the first call need not wait for it.
    void this.vault.learn();
    this.#poll();
    this.#sweep();
    this.#verifyAfter(FIRST_VERIFY_MS);
    this.backups.start();
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
    this.#stopVerifying();
    this.backups.stop();
    await this.dispatcher.stop();
    await Promise.all([http.close(), this.#tools.close()]);
    this.authFailures.flush();
    this.#tryAudit({ type: 'server.stopped', actor: 'fastband', summary: 'The server stopped.' });
    this.#tellState();
  }

  async close(): Promise<void> {
    await this.stopServer();
    this.#stopAnnouncing();
    this.settings.close();
    this.store.close();
    this.#unlock();
  }

  status(): ServerStatus {
    const auditOk = this.store.audit.healthy();
    const problems = [
      ...(this.#notStarted === undefined ? [] : [this.#notStarted]),
      ...(auditOk || this.store.audit.problem === undefined ? [] : [this.store.audit.problem]),
      ...(this.#verified?.bad == null ? [] : [brokenChain(this.#verified.bad)]),
      ...(this.settings.problem === undefined ? [] : [this.settings.problem]),
      ...this.tables.problems,
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

  /** Every client there ever was, and whether it is connected. */
  clients(): ClientState[] {
    return this.store.clients
      .list()
      .map((one) => ({ ...one, connected: this.#http?.isConnected(one.id) ?? false }));
  }

  /** Its own policy file is in force before it is answered. @throws FastbandError as `Admin.addWorkspace` */
  async addWorkspace(input: ChannelInput<'workspaces.add'>): Promise<Workspace> {
    const workspace = await this.admin.addWorkspace(input);
    await this.#reloadProjects();
    return workspace;
  }

  /** Tries a rule on the last calls of its kind. @throws FastbandError `invalid_input` for a pattern without a clear meaning */
  async previewRule({ rule, replaces }: ChannelInput<'rules.preview'>): Promise<RulePreview> {
    const { clock } = this.#ports;
    const grants = this.store.grants.list();
    const toolHashes = this.registry.hashes();
    const rules = this.tables.rules();
    const draft: Rule = { ...rule, id: 'draft', createdAt: clock.now(), source: 'person' };
    const before = compilePolicy({ rules: rules.filter(({ id }) => id !== replaces), grants, toolHashes });
    const after = compilePolicy({
      rules: [...rules.filter(({ id }) => id !== replaces), draft],
      grants,
      toolHashes,
    });
    const { rows } = await this.store.audit.search({
      type: ['call.started', 'call.finished', 'call.refused'],
      kind: rule.match.kind,
      limit: PREVIEWED,
    });
    return previewOn(rows, before, after, clock.now());
  }

  explain({ tool, input, client }: ChannelInput<'rules.explain'>): Promise<Explanation> {
    const known = this.store.clients.list().find((one) => one.name === client && one.revokedAt === undefined);
    if (client !== undefined && known === undefined)
      throw new FastbandError('not_found', `There is no client "${showLine(client)}".`);
    return this.dispatcher.explain(known ?? { id: '', name: '' }, tool, input);
  }

  /** How what Fastband stands on is now. */
  health(): Promise<HealthCheck[]> {
    return examineHealth({
      home: this.#ports.home,
      auditOk: this.store.audit.healthy(),
      running: this.#mcp !== undefined,
      port: this.settings.current.server.port,
    });
  }

  /** How what protects this installation is now. */
  async security(): Promise<SecurityCheck[]> {
    const [health, browser] = await Promise.all([this.health(), this.browsers.state()]);
    const desktop = this.#options.desktop?.();
    if (desktop?.packaged) this.#fuses ??= wrongFuses(programWithFuses(process.execPath, process.platform));
    const fuses = await this.#fuses;
    return examineSecurity({
      home: this.#ports.home,
      auditOk: this.store.audit.healthy(),
      listening: [this.status().mcp, this.status().panel].filter((url) => url !== undefined),
      keychain: health.find(({ id }) => id === 'keychain'),
      browser,
      allowedHosts: this.settings.current.web.allowedHosts,
      uid: process.getuid?.(),
      panelServed: this.status().panel !== undefined,
      secretSet: (this.#ports.env.FASTBAND_SECRET_KEY ?? '') !== '',
      verified: this.#verified,
      desktop: desktop && {
        ...desktop,
        wrongFuses: fuses,
        automatic: this.settings.current.updates.automatic,
      },
    });
  }

  /** Verifies the log, and keeps what came of it for whoever asks how things are. */
  async verifyAudit(watch: Watch): Promise<AuditVerifyOutput> {
    const result = await this.store.audit.verify(watch);
    this.#verified = { at: this.#ports.clock.now(), bad: result.bad };
    this.#tellState();
    return result;
  }

  about(): About {
    return aboutHost(this.#ports.home);
  }

  diagnose(): Promise<Diagnostics> {
    const { clock, env } = this.#ports;
    return createDiagnostics({
      now: clock.now(),
      about: this.about(),
      status: this.status(),
      settings: this.settings.current,
      store: this.store,
      tools: this.registry.list().length,
      logLines: this.#log.lines(),
      redactor: this.redactor,
      userHome: env.HOME ?? env.USERPROFILE,
    });
  }

  /** The rows of `audit.export` as text, in chunks. */
  async *exportAudit({ format, filter, task }: ChannelInput<'audit.export'>): AsyncGenerator<string> {
    const { signal, progress, end } = this.tasks.begin(task);
    try {
      yield* this.store.audit.export(format, filter, { signal, progress });
    } finally {
      end();
    }
  }

  async measureExport(input: ChannelInput<'audit.export'>): Promise<{ rows: number; bytes: number }> {
    let rows = 0;
    let bytes = 0;
    for await (const chunk of this.exportAudit(input)) {
      rows += chunk.split('\n').length - 1;
      bytes += Buffer.byteLength(chunk);
    }
    return { rows: input.format === 'csv' ? Math.max(0, rows - 1) : rows, bytes };
  }

  /** Judges waiting and running calls again and tells clients of changed lists, when a table really changed. */
  #refresh(): void {
    const now = this.tables.snapshot();
    if (now.version === this.#seen.version) return;
    const { tools, workspaces } = this.#seen;
    this.#seen = now;
    this.dispatcher.policyChanged();
    if (this.#http === undefined) return;
    void this.vault.learn();
    if (tools !== now.tools) this.#http.toolsChanged();
    if (workspaces !== now.workspaces) {
      this.#http.resourcesChanged();
      void this.#reloadProjects();
    }
    for (const client of this.store.clients.list())
      if (client.revokedAt !== undefined) this.#http.disconnect(client.id);
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
        await this.gallery.sweep();
        const days = this.settings.current.audit.retentionDays;
        if (days > 0) await this.store.audit.retire(this.#ports.clock.now() - days * 86_400_000);
      } catch (error) {
        this.#ports.log.error({ err: error }, 'retention failed; it is tried again in an hour');
      }
    };
    void run();
    this.#stopSweeping = this.#ports.clock.after(SWEEP_MS, () => this.#sweep());
  }

  #verifyAfter(ms: number): void {
    const { clock, log } = this.#ports;
    const ending = new AbortController();
    const run = async () => {
      try {
        const { bad } = await this.verifyAudit({ signal: ending.signal });
        if (bad !== null) log.error({ bad }, 'the audit log does not verify');
      } catch (error) {
        if (!ending.signal.aborted) log.error({ err: error }, 'the audit log could not be verified');
      }
      if (!ending.signal.aborted) this.#verifyAfter(VERIFY_MS);
    };
    const forget = clock.after(ms, () => void run());
    this.#stopVerifying = () => {
      forget();
      ending.abort();
    };
  }

  async #reloadProjects(): Promise<void> {
    if (!(await this.tables.reloadProjects())) return;
    this.dispatcher.policyChanged();
    this.#http?.resourcesChanged();
    this.#tellState();
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

  #announce(row: AuditRow): void {
    if (this.#listeners.size > 0) this.#ports.notify({ type: 'audit.row', row });
  }

  #tellState(): void {
    this.#ports.notify({ type: 'server.state', status: this.status() });
  }

  #tell(event: HostEvent, host: Ports): void {
    host.notify(event);
    for (const listener of this.#listeners) listener(event);
  }
}
