import { z } from 'zod';

/** Most that one client may use of AI models in a day; 0 for no limit. */
export const dailyTokens = z.int().min(0).max(1_000_000_000);
export const dailyCents = z.int().min(0).max(1_000_000);

const providerUrl = z
  .string()
  .max(500)
  .regex(
    /^https?:\/\/[^\s/@?#]+(?:\/[^\s?#]*)?$/,
    'It must be an address that begins with https:// or http://, without user, query or fragment.',
  );
const modelNames = z.array(z.string().regex(/^[A-Za-z0-9._:/-]{1,200}$/)).length(3);
const port = z.int().min(0).max(65535);

/** The settings file's sections. Durations are in seconds or days as named; sizes in bytes. Secrets are never in it. */
const sections = {
  server: z.strictObject({
    /** MCP port on 127.0.0.1; 0 takes any free one. */
    port,
    /** Panel port on 127.0.0.1 (headless host); 0 takes any free one. */
    panelPort: port,
  }),
  limits: z.strictObject({
    /** Requests a minute for one client; 0 for none. */
    callsPerMinute: z.int().min(0).max(1_000_000),
    /** Longest run of one call, waiting for a person not counted. */
    callSeconds: z.int().min(1).max(86_400),
  }),
  approvals: z.strictObject({
    /** No answer by then denies. */
    timeoutSeconds: z.int().min(1).max(86_400),
  }),
  audit: z.strictObject({
    /** Days to keep audit rows; 0 keeps them for ever. */
    retentionDays: z.int().min(0).max(36_500),
  }),
  journal: z.strictObject({
    retentionDays: z.int().min(1).max(3650),
    /** A larger file's pre-image is not kept: the approval says that the change cannot be undone. */
    maxFileBytes: z.int().min(0),
    /** Oldest pre-images go first when all together are larger. */
    maxTotalBytes: z.int().min(0),
  }),
  commands: z.strictObject({
    timeoutSeconds: z.int().min(1).max(86_400),
    /** Kept of a command's output, head and tail. */
    outputBytes: z
      .int()
      .min(1024)
      .max(16 * 1024 * 1024),
    /** Processes that one command may have at once; with more it is ended with all of them. On Linux. */
    maxProcesses: z.int().min(16).max(100_000),
    /** Names of environment variables that commands inherit, beside the built-in safe ones. */
    env: z.array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/)).max(100),
  }),
  web: z.strictObject({
    /** `host:port` or `host:*`: targets on this machine or a private network that tools may reach all the same. */
    allowedHosts: z
      .array(z.string().regex(/^(?:[a-z0-9.-]+|\[[0-9a-f:]+\]):(?:[1-9][0-9]{0,4}|\*)$/))
      .max(100),
    /** Pages that a site's robots.txt keeps from programs are not fetched. */
    respectRobots: z.boolean(),
    /** Read of one page or answer, unpacked; the rest is left. */
    maxBytes: z
      .int()
      .min(1024)
      .max(64 * 1024 * 1024),
    /** Longest wait for one page or answer, redirects and all. */
    timeoutSeconds: z.int().min(1).max(3600),
  }),
  /** Where the AI providers are; an own server that speaks the same works too. */
  providers: z.strictObject({
    anthropicUrl: providerUrl,
    openaiUrl: providerUrl,
    googleUrl: providerUrl,
    /** Three names each: fast, balanced, powerful. */
    anthropicModels: modelNames,
    openaiModels: modelNames,
    googleModels: modelNames,
    /** Who is asked first where a client names none, and who next. */
    order: z.array(z.string().regex(/^(?:anthropic|openai|google)$/)).max(3),
    /** What one client may use in a day (UTC); 0 for no limit. */
    dailyTokens,
    dailyCents,
    /** `model=input/output`, in US dollars for a million tokens: what a call costs is known where this says it. */
    prices: z.array(z.string().regex(/^[A-Za-z0-9._:/-]+=\d+(?:\.\d+)?\/\d+(?:\.\d+)?$/)).max(100),
  }),
  databases: z.strictObject({
    /** Most rows that one query answers. */
    maxRows: z.int().min(1).max(100_000),
    /** Most that one query answers, in bytes of JSON. */
    maxBytes: z
      .int()
      .min(4096)
      .max(4 * 1024 * 1024),
    timeoutSeconds: z.int().min(1).max(3600),
  }),
  browser: z.strictObject({
    /** A named session that nobody used for so long is closed, and so is a browser without pages. */
    idleSeconds: z.int().min(5).max(3600),
    /** Longest wait for a page to have loaded; it is then taken as it is. */
    loadSeconds: z.int().min(1).max(60),
    /** Absolute path of the browser's program; empty takes what is found in the usual places. */
    path: z.string().max(1000),
  }),
  gallery: z.strictObject({
    /** Days to keep pictures. */
    retentionDays: z.int().min(1).max(3650),
    /** The oldest pictures go first when all together are larger. */
    maxBytes: z.int().min(0),
  }),
  backup: z.strictObject({
    /** Hours between scheduled backups; 0 for none. */
    everyHours: z.int().min(0).max(8760),
    /** How many scheduled backups are kept; older ones go. Those that a person made stay. */
    keep: z.int().min(1).max(1000),
  }),
  redaction: z.strictObject({
    /** Mask secrets in what tools answer to clients too. */
    toolOutput: z.boolean(),
  }),
  /** How every window and the panel look and speak. */
  appearance: z.strictObject({
    theme: z.enum(['system', 'light', 'dark']),
    language: z.enum(['system', 'en', 'de']),
  }),
  /** The desktop app; the headless host has no use for them. */
  desktop: z.strictObject({
    launchAtLogin: z.boolean(),
    /** No window at the start: the tray is there. */
    startHidden: z.boolean(),
    /** Notifications of the system for what waits. */
    notifications: z.boolean(),
  }),
  /** New versions of the desktop app, where its package knows an address to get them from. */
  updates: z.strictObject({
    /** Look at the start and daily, and fetch what is found. Nothing is ever installed without being asked for. */
    automatic: z.boolean(),
    channel: z.enum(['latest', 'beta']),
  }),
};

/** Every setting, with a value. */
export const Settings = z.strictObject(sections);
export type Settings = z.infer<typeof Settings>;

/** The file as stored, and a change to it: any subset. Unknown keys are errors. */
export const SettingsPatch = z.strictObject({
  server: sections.server.partial().optional(),
  limits: sections.limits.partial().optional(),
  approvals: sections.approvals.partial().optional(),
  audit: sections.audit.partial().optional(),
  journal: sections.journal.partial().optional(),
  commands: sections.commands.partial().optional(),
  web: sections.web.partial().optional(),
  providers: sections.providers.partial().optional(),
  databases: sections.databases.partial().optional(),
  browser: sections.browser.partial().optional(),
  gallery: sections.gallery.partial().optional(),
  backup: sections.backup.partial().optional(),
  redaction: sections.redaction.partial().optional(),
  appearance: sections.appearance.partial().optional(),
  desktop: sections.desktop.partial().optional(),
  updates: sections.updates.partial().optional(),
});
export type SettingsPatch = z.infer<typeof SettingsPatch>;

export const DEFAULT_SETTINGS: Settings = {
  server: { port: 7850, panelPort: 7851 },
  limits: { callsPerMinute: 1200, callSeconds: 600 },
  approvals: { timeoutSeconds: 300 },
  audit: { retentionDays: 365 },
  journal: { retentionDays: 30, maxFileBytes: 64 * 1024 * 1024, maxTotalBytes: 2 * 1024 * 1024 * 1024 },
  commands: { timeoutSeconds: 120, outputBytes: 256 * 1024, maxProcesses: 2000, env: [] },
  web: { allowedHosts: [], respectRobots: true, maxBytes: 5 * 1024 * 1024, timeoutSeconds: 30 },
  providers: {
    anthropicUrl: 'https://api.anthropic.com',
    openaiUrl: 'https://api.openai.com',
    googleUrl: 'https://generativelanguage.googleapis.com',
    anthropicModels: ['claude-haiku-5-5', 'claude-sonnet-5-5', 'claude-opus-5-5'],
    openaiModels: ['gpt-6-luna', 'gpt-6.1-terra', 'gpt-6.1-sol'],
    googleModels: ['gemini-flash-lite-latest', 'gemini-3.8-flash', 'gemini-3-pro-preview'],
    order: ['anthropic', 'openai', 'google'],
    dailyTokens: 2_000_000,
    dailyCents: 0,
    prices: [],
  },
  databases: { maxRows: 1000, maxBytes: 1024 * 1024, timeoutSeconds: 30 },
  browser: { idleSeconds: 120, loadSeconds: 15, path: '' },
  gallery: { retentionDays: 30, maxBytes: 1024 * 1024 * 1024 },
  backup: { everyHours: 0, keep: 7 },
  redaction: { toolOutput: false },
  appearance: { theme: 'system', language: 'system' },
  desktop: { launchAtLogin: false, startHidden: false, notifications: true },
  updates: { automatic: true, channel: 'latest' },
};

/** A patch laid over whole settings, section by section. */
export function mergeSettings(base: Settings, patch: SettingsPatch): Settings {
  return Settings.parse({
    server: { ...base.server, ...patch.server },
    limits: { ...base.limits, ...patch.limits },
    approvals: { ...base.approvals, ...patch.approvals },
    audit: { ...base.audit, ...patch.audit },
    journal: { ...base.journal, ...patch.journal },
    commands: { ...base.commands, ...patch.commands },
    web: { ...base.web, ...patch.web },
    providers: { ...base.providers, ...patch.providers },
    databases: { ...base.databases, ...patch.databases },
    browser: { ...base.browser, ...patch.browser },
    gallery: { ...base.gallery, ...patch.gallery },
    backup: { ...base.backup, ...patch.backup },
    redaction: { ...base.redaction, ...patch.redaction },
    appearance: { ...base.appearance, ...patch.appearance },
    desktop: { ...base.desktop, ...patch.desktop },
    updates: { ...base.updates, ...patch.updates },
  });
}
