import { z } from 'zod';
import { INDEX_TASK } from '../contract/audit.ts';
import { CHANNELS, type Channel, type ChannelInput, type ChannelOutput } from '../contract/channels.ts';
import { builtLicences } from './about.ts';
import type { Core } from './composition.ts';
import { settingsText } from './config/settings-transfer.ts';
import { ruleBody } from './core/admin.ts';
import { FastbandError } from './core/errors.ts';
import { tryTool } from './core/trial.ts';
import { inspectWorkspaces } from './health.ts';
import { journalDiffs } from './journal-diff.ts';

type Handlers = {
  readonly [C in Channel]: (
    input: ChannelInput<C>,
    core: Core,
  ) => ChannelOutput<C> | Promise<ChannelOutput<C>>;
};

/** What each channel does, a line each. The same table serves the loopback panel, the CLI and IPC. */
const HANDLERS: Handlers = {
  'server.status': (_, core) => core.status(),
  'server.start': (_, core) => core.startServer().then(() => core.status()),
  'server.stop': (_, core) => core.stopServer().then(() => core.status()),

  'health.get': (_, core) => core.health(),
  'security.get': (_, core) => core.security(),

  'approvals.list': ({ status, limit }, core) => core.approvals.list(status, limit),
  'approvals.get': ({ id }, core) => found(core.approvals.get(id), 'approval'),
  'approvals.decide': (input, core) => core.approvals.decide(input),

  'audit.search': (input, core) => core.store.audit.search(input),
  'audit.get': ({ seq }, core) => found(core.store.audit.get(seq), 'audit row'),
  'audit.call': ({ callId }, core) => core.store.audit.call(callId),
  'audit.index': (input, core) => core.store.audit.index(input),
  'audit.stats': (input, core) => core.store.audit.stats(input),
  'audit.verify': ({ task }, core) =>
    core.tasks.run(task, (signal, progress) => core.verifyAudit({ signal, progress })),
  'audit.export': (input, core) => core.measureExport(input),

  'tasks.cancel': async ({ task }, core) => {
    if (task === INDEX_TASK) await core.store.audit.restIndex();
    else core.tasks.cancel(task);
    return {};
  },

  'clients.list': (_, core) => core.clients(),
  'clients.create': ({ name }, core) => core.admin.createClient(name),
  'clients.revoke': ({ id }, core) => core.admin.revokeClient(id),
  'clients.update': ({ id, toolsOff }, core) => core.admin.setClientTools(id, toolsOff),
  'clients.setLimits': ({ id, ...limits }, core) => core.admin.setClientLimits(id, limits),

  'rules.list': (_, core) => core.tables.rules(),
  'rules.add': (input, core) => core.admin.addRule(input),
  'rules.remove': ({ id }, core) => core.admin.removeRule(id),
  'rules.update': ({ id, rule }, core) => core.admin.updateRule(id, rule),
  'rules.preview': (input, core) => core.previewRule(input),
  'rules.export': async (_, core) => {
    const { policyText } = await import('./core/policy-file.ts');
    const rules = core.store.rules.list().map(ruleBody);
    return { name: 'fastband-rules.yaml', text: policyText({ version: 1, rules }) };
  },
  'rules.import': (input, core) => core.admin.importRules(input),
  'rules.explain': (input, core) => core.explain(input),

  'grants.list': (_, core) => core.store.grants.list(),
  'grants.revoke': ({ id }, core) => core.admin.revokeGrant(id),

  'tools.list': (_, core) => core.registry.list(),
  'tools.setEnabled': ({ name, enabled }, core) => core.admin.setToolEnabled(name, enabled),
  'tools.try': ({ tool, input, task }, core) =>
    core.tasks.run(task, (signal) => tryTool(core.dispatcher, tool, input, signal)),

  'workspaces.list': (_, core) => core.store.workspaces.list(),
  'workspaces.add': (input, core) => core.addWorkspace(input),
  'workspaces.update': ({ name, readOnly }, core) => core.admin.setReadOnly(name, readOnly),
  'workspaces.inspect': (_, core) => inspectWorkspaces(core.tables.workspaces),
  'workspaces.remove': ({ name }, core) => core.admin.removeWorkspace(name),

  'keys.state': (_, core) => core.vault.report(),
  'keys.list': (_, core) => core.vault.list(),
  'keys.set': (input, core) => core.keyAdmin.set(input),
  'keys.rotate': (input, core) => core.keyAdmin.rotate(input),
  'keys.update': (input, core) => core.keyAdmin.update(input),
  'keys.check': ({ id }, core) => core.keyAdmin.check(id),
  'keys.remove': ({ id }, core) => core.keyAdmin.remove(id).then(() => ({})),
  'keys.importEnv': (input, core) => core.keyAdmin.importEnv(input),

  'models.spend': (_, core) =>
    core.budget
      .today()
      .map(({ clientId, tokens, microcents }) => ({ clientId, tokens, cents: microcents / 1e6 })),
  'pictures.list': (input, core) => core.gallery.list(input),
  'pictures.get': ({ id }, core) => core.gallery.get(id),
  'pictures.delete': ({ id }, core) => core.gallery.remove(id),
  'pictures.clear': (_, core) => core.gallery.clear().then((removed) => ({ removed })),
  'browser.state': (_, core) => core.browsers.state(),
  'browser.fetch': ({ task }, core) =>
    core.tasks.run(task, (signal, progress) => core.browsers.fetch({ signal, progress })),

  'backups.list': (_, core) => core.backups.list(),
  'backups.create': ({ passphrase, task }, core) =>
    core.tasks.run(task, (signal, progress) => core.backups.create(passphrase, { signal, progress })),
  'backups.verify': ({ name, passphrase, task }, core) =>
    core.tasks.run(task, (signal, progress) => core.backups.verify(name, passphrase, { signal, progress })),

  'settings.get': (_, core) => core.settings.current,
  'settings.update': (patch, core) => core.admin.updateSettings(patch),
  'settings.reset': ({ section, key }, core) => core.admin.resetSettings(section, key),
  'settings.export': (_, core) => ({
    name: 'fastband-settings.json',
    text: settingsText(core.settings.current),
  }),
  'settings.import': ({ json, dryRun }, core) => core.admin.importSettings(json, dryRun),

  'about.get': (_, core) => core.about(),
  'about.licences': () => builtLicences(),
  'diagnostics.create': (_, core) => core.diagnose(),

  'journal.list': (input, core) => core.journal.list(input),
  'journal.diff': ({ callId }, core) => journalDiffs(core.journal, callId),
  'journal.undo': ({ callId }, core) => core.admin.undo(callId),
};

/**
 * Parses the input and runs a channel's handler.
 *
 * @param input - `unknown`: a renderer, a browser or a script sent it
 * @throws FastbandError `unknown_channel`, `invalid_input`, and whatever the handler refuses with
 */
export async function handle<C extends Channel>(
  core: Core,
  channel: C,
  input: unknown,
): Promise<ChannelOutput<C>> {
  // Own keys only: "constructor" is no channel.
  if (!Object.hasOwn(CHANNELS, channel))
    throw new FastbandError('unknown_channel', 'There is no such channel.');
  const parsed = CHANNELS[channel].input.safeParse(input ?? {});
  if (!parsed.success) throw new FastbandError('invalid_input', z.prettifyError(parsed.error).slice(0, 1000));
  return HANDLERS[channel](parsed.data as ChannelInput<C>, core);
}

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new FastbandError('not_found', `There is no such ${what}.`);
  return value;
}
