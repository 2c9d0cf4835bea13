import { z } from 'zod';
import { About, Diagnostics, Licence, SettingsImport } from './about.ts';
import { Approval, ApprovalStatus, DecideInput } from './approvals.ts';
import {
  AuditFilter,
  AuditIndexInput,
  AuditIndexOutput,
  AuditRow,
  AuditSearchInput,
  AuditSearchOutput,
  AuditStatsInput,
  AuditStatsOutput,
  AuditVerifyOutput,
  TaskId,
} from './audit.ts';
import { BackupCreateInput, BackupFacts, BackupInfo, BackupList, BackupVerifyInput } from './backups.ts';
import {
  Client,
  ClientState,
  HealthCheck,
  JournalDiff,
  JournalEntry,
  ModelLimits,
  ModelSpend,
  SecurityCheck,
  ServerStatus,
  ToolInfo,
  Trial,
  Workspace,
  WorkspaceHealth,
} from './entities.ts';
import {
  KeychainReport,
  KeyId,
  KeyImport,
  KeyImportInput,
  KeyInfo,
  KeyRotateInput,
  KeySetInput,
  KeyUpdateInput,
} from './keys.ts';
import { BrowserState, PictureId, PictureInfo, PictureList, PictureListInput } from './pictures.ts';
import { Explanation, Grant, Rule, RuleInput, RulePreview, RulesImport } from './policy.ts';
import { Settings, SettingsPatch } from './settings.ts';

const none = z.strictObject({});
const byId = z.strictObject({ id: z.string().min(1) });
export const WorkspaceName = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/, 'letters, digits, dot, dash and underscore, at most 64')
  .refine((name) => !/^\.+$/.test(name), 'not only dots');
export const ClientName = z.string().trim().min(1).max(100);

/**
 * Everything a panel may ask of its host: one row for each channel, the only list there is.
 * `main/handlers.ts` serves it; HTTP (`POST /api/<channel>`) and IPC carry it.
 */
export const CHANNELS = {
  'server.status': { input: none, output: ServerStatus },
  'server.start': { input: none, output: ServerStatus },
  'server.stop': { input: none, output: ServerStatus },

  'health.get': { input: none, output: z.array(HealthCheck) },
  'security.get': { input: none, output: z.array(SecurityCheck) },

  'approvals.list': {
    input: z.strictObject({
      status: ApprovalStatus.optional(),
      limit: z.int().min(1).max(1000).default(200),
    }),
    output: z.array(Approval),
  },
  'approvals.get': { input: byId, output: Approval },
  'approvals.decide': { input: DecideInput, output: Approval },

  'audit.search': { input: AuditSearchInput, output: AuditSearchOutput },
  'audit.get': { input: z.strictObject({ seq: z.int() }), output: AuditRow },
  /** Every row of one call, oldest first. */
  'audit.call': { input: z.strictObject({ callId: z.string().min(1).max(200) }), output: z.array(AuditRow) },
  'audit.index': { input: AuditIndexInput, output: AuditIndexOutput },
  'audit.stats': { input: AuditStatsInput, output: AuditStatsOutput },
  /** With `task`, progress comes as `task.progress`, in rows. */
  'audit.verify': { input: z.strictObject({ task: TaskId.optional() }), output: AuditVerifyOutput },
  /** Over HTTP the answer is the file itself, streamed; over IPC the host asks where to save it. */
  'audit.export': {
    input: z.strictObject({
      format: z.enum(['jsonl', 'csv']),
      filter: AuditFilter.optional(),
      task: TaskId.optional(),
    }),
    output: z.strictObject({ rows: z.int(), bytes: z.int() }),
  },

  /** Stops a task. One that has ended, or never was, is no error. */
  'tasks.cancel': { input: z.strictObject({ task: TaskId }), output: none },

  'clients.list': { input: none, output: z.array(ClientState) },
  'clients.create': {
    input: z.strictObject({ name: ClientName }),
    /** The token is shown this once; only its hash is stored. */
    output: z.strictObject({ client: Client, token: z.string() }),
  },
  'clients.revoke': { input: byId, output: Client },
  /** Which tools are switched off for this client alone. */
  'clients.update': {
    input: z.strictObject({ id: z.string().min(1), toolsOff: z.array(z.string().max(200)).max(1000) }),
    output: Client,
  },
  'clients.setLimits': { input: ModelLimits.extend({ id: z.string().min(1) }), output: Client },

  'rules.list': { input: none, output: z.array(Rule) },
  'rules.add': { input: RuleInput, output: Rule },
  'rules.remove': { input: byId, output: Rule },
  'rules.update': { input: z.strictObject({ id: z.string().min(1), rule: RuleInput }), output: Rule },
  /** Tries a rule on past calls. `replaces` is the rule that it would take the place of. */
  'rules.preview': {
    input: z.strictObject({ rule: RuleInput, replaces: z.string().optional() }),
    output: RulePreview,
  },
  'rules.export': { input: none, output: z.strictObject({ name: z.string(), text: z.string() }) },
  /** Adds the rules of a policy file; with `replace`, those that are not in it go. */
  'rules.import': {
    input: z.strictObject({ text: z.string().max(1_000_000), replace: z.boolean(), dryRun: z.boolean() }),
    output: RulesImport,
  },
  'rules.explain': {
    input: z.strictObject({
      tool: z.string(),
      input: z.record(z.string(), z.unknown()),
      /** A client's name; absent asks for a client that no rule or grant names. */
      client: z.string().optional(),
    }),
    output: Explanation,
  },

  'grants.list': { input: none, output: z.array(Grant) },
  'grants.revoke': { input: byId, output: Grant },

  'tools.list': { input: none, output: z.array(ToolInfo) },
  'tools.setEnabled': { input: z.strictObject({ name: z.string(), enabled: z.boolean() }), output: ToolInfo },
  /** Calls a tool as the person, through the same door and policy as any client. */
  'tools.try': {
    input: z.strictObject({
      tool: z.string(),
      input: z.record(z.string(), z.unknown()),
      task: TaskId.optional(),
    }),
    output: Trial,
  },

  'workspaces.list': { input: none, output: z.array(Workspace) },
  'workspaces.add': {
    input: z.strictObject({
      root: z.string().min(1),
      name: WorkspaceName.optional(),
      readOnly: z.boolean().default(false),
    }),
    output: Workspace,
  },
  'workspaces.update': {
    input: z.strictObject({ name: z.string(), readOnly: z.boolean() }),
    output: Workspace,
  },
  'workspaces.inspect': { input: none, output: z.array(WorkspaceHealth) },
  'workspaces.remove': { input: z.strictObject({ name: z.string() }), output: Workspace },

  /** How the system's keychain is: it is tried by keeping something and reading it back. */
  'keys.state': { input: none, output: KeychainReport },
  'keys.list': { input: none, output: z.array(KeyInfo) },
  'keys.set': { input: KeySetInput, output: KeyInfo },
  'keys.rotate': { input: KeyRotateInput, output: KeyInfo },
  'keys.update': { input: KeyUpdateInput, output: KeyInfo },
  'keys.check': { input: z.strictObject({ id: KeyId }), output: KeyInfo },
  'keys.remove': { input: z.strictObject({ id: KeyId }), output: none },
  'keys.importEnv': { input: KeyImportInput, output: KeyImport },

  /** What each client used of AI models today (UTC). */
  'models.spend': { input: none, output: z.array(ModelSpend) },
  'pictures.list': { input: PictureListInput, output: PictureList },
  'pictures.get': { input: z.strictObject({ id: PictureId }), output: PictureInfo },
  'pictures.delete': { input: z.strictObject({ id: PictureId }), output: PictureInfo },
  'pictures.clear': { input: none, output: z.strictObject({ removed: z.int() }) },
  'browser.state': { input: none, output: BrowserState },
  /** Progress as `task.progress`, in bytes. */
  'browser.fetch': { input: z.strictObject({ task: TaskId.optional() }), output: BrowserState },

  'backups.list': { input: none, output: BackupList },
  /** Progress of both as `task.progress`, in bytes. */
  'backups.create': { input: BackupCreateInput, output: BackupInfo },
  'backups.verify': { input: BackupVerifyInput, output: BackupFacts },

  'settings.get': { input: none, output: Settings },
  'settings.update': { input: SettingsPatch, output: Settings },
  /** Back to the defaults: one setting, a section, or everything. */
  'settings.reset': {
    input: z.strictObject({ section: z.string().max(100).optional(), key: z.string().max(100).optional() }),
    output: Settings,
  },
  'settings.export': { input: none, output: z.strictObject({ name: z.string(), text: z.string() }) },
  /** What the text does not name goes back to its default. */
  'settings.import': {
    input: z.strictObject({ json: z.string().max(1_000_000), dryRun: z.boolean() }),
    output: SettingsImport,
  },

  'about.get': { input: none, output: About },
  /** Empty where Fastband runs from its sources. */
  'about.licences': { input: none, output: z.array(Licence) },
  'diagnostics.create': { input: none, output: Diagnostics },

  'journal.list': {
    input: z.strictObject({ callId: z.string().optional(), limit: z.int().min(1).max(1000).default(100) }),
    output: z.array(JournalEntry),
  },
  /** What a call changed, as diffs. */
  'journal.diff': { input: z.strictObject({ callId: z.string().min(1) }), output: z.array(JournalDiff) },
  'journal.undo': {
    input: z.strictObject({ callId: z.string().min(1) }),
    /** The undo is itself a call that can be undone. */
    output: z.strictObject({ callId: z.string(), restored: z.array(z.string()) }),
  },
} as const satisfies Record<string, { input: z.ZodType; output: z.ZodType }>;

export type Channel = keyof typeof CHANNELS;
export type ChannelInput<C extends Channel> = z.output<(typeof CHANNELS)[C]['input']>;
export type ChannelOutput<C extends Channel> = z.output<(typeof CHANNELS)[C]['output']>;
/** What a caller sends: fields with a default may be left out. */
export type ChannelRequest<C extends Channel> = z.input<(typeof CHANNELS)[C]['input']>;
