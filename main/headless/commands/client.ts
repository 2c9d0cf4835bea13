import type { Command } from 'commander';
import { showLine } from '../../../contract/display.ts';
import type { App } from '../../app.ts';
import { FastbandError } from '../../core/errors.ts';
import { resolveHome } from '../home.ts';
import { findHost } from '../host-file.ts';
import { paint, print, printJson, table, time } from '../terminal.ts';
import { addCommand, addGroup, type CommonOptions, withApp } from './with-app.ts';

export function addClient(program: Command): void {
  const group = addGroup(program, 'client', 'AI clients and their tokens');

  addCommand(group, 'add <name>', 'make a token for a client; it is shown only this once', [
    'client add "Claude Code"',
    'client add Cursor --json',
  ]).action(async (name: string, options: CommonOptions) => {
    const added = await withApp(options, async (app) => {
      const created = await app.handle('clients.create', { name });
      return { ...created, url: await mcpUrl(options, app) };
    });
    if (options.json) return printJson({ client: added.client, token: added.token });
    print(howToConnect(added.client.name, added.token, added.url, options.home));
  });

  addCommand(group, 'list', 'show the clients', ['client list', 'client list --json']).action(
    async (options: CommonOptions) => {
      const clients = await withApp(options, (app) => app.handle('clients.list', {}));
      // Who is connected, only the host that they are connected to could say.
      if (options.json) return printJson(clients.map(({ connected: _, ...one }) => one));
      if (clients.length === 0)
        return print('There is no client yet. Add one: fastband client add "Claude Code"');
      print(
        table(clients, [
          { title: 'NAME', of: (one) => one.name },
          { title: 'ID', of: (one) => one.id },
          { title: 'ADDED', of: (one) => time(one.createdAt) },
          {
            title: 'LAST SEEN',
            of: (one) => (one.lastSeenAt === undefined ? 'never' : time(one.lastSeenAt)),
          },
          {
            title: 'STATE',
            of: (one) => (one.revokedAt === undefined ? 'active' : `revoked ${time(one.revokedAt)}`),
            style: (one) => (one.revokedAt === undefined ? undefined : 'dim'),
          },
        ]),
      );
    },
  );

  addCommand(group, 'revoke <name-or-id>', 'take a token back; what it has open ends at once', [
    'client revoke "Claude Code"',
  ]).action(async (nameOrId: string, options: CommonOptions) => {
    const client = await withApp(options, async (app) =>
      app.handle('clients.revoke', { id: await activeId(app, nameOrId) }),
    );
    if (options.json) return printJson(client);
    print(`${showLine(client.name)} can no longer connect.`);
  });

  addCommand(group, 'limit <name-or-id>', 'what a client may use of AI models in a day, and has used today', [
    'client limit Cursor',
    'client limit Cursor --tokens 200000 --cents 500',
    'client limit Cursor --tokens general',
  ])
    .option('--tokens <number>', 'tokens in a day: 0 for no limit, "general" for what the settings say')
    .option('--cents <number>', 'US cents in a day: 0 for no limit, "general" for what the settings say')
    .action(async (nameOrId: string, options: CommonOptions & { tokens?: string; cents?: string }) => {
      const tokens = options.tokens === undefined ? undefined : limitIn(options.tokens);
      const cents = options.cents === undefined ? undefined : limitIn(options.cents);
      const { client, spend, general } = await withApp(options, async (app) => {
        const id = await activeId(app, nameOrId);
        const now = (await app.handle('clients.list', {})).find((one) => one.id === id);
        if (tokens !== undefined || cents !== undefined)
          await app.handle('clients.setLimits', {
            id,
            dailyTokens: tokens === undefined ? (now?.dailyTokens ?? null) : tokens,
            dailyCents: cents === undefined ? (now?.dailyCents ?? null) : cents,
          });
        return {
          client: (await app.handle('clients.list', {})).find((one) => one.id === id),
          spend: (await app.handle('models.spend', {})).find((one) => one.clientId === id),
          general: app.settings.current.providers,
        };
      });
      const used = { tokens: spend?.tokens ?? 0, cents: spend?.cents ?? 0 };
      const { dailyTokens, dailyCents } = client ?? {};
      if (options.json)
        return printJson({
          used,
          dailyTokens: dailyTokens ?? general.dailyTokens,
          dailyCents: dailyCents ?? general.dailyCents,
        });
      print(`Tokens today: ${limitLine(String(used.tokens), dailyTokens, general.dailyTokens)}`);
      print(`US cents today: ${limitLine(used.cents.toFixed(2), dailyCents, general.dailyCents)}`);
    });
}

/** A number, 0 for no limit, or `general`. @throws FastbandError `invalid_input` */
function limitIn(text: string): number | null {
  if (text === 'general') return null;
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new FastbandError(
    'invalid_input',
    `"${showLine(text)}" is no limit. Give a number, 0 for no limit, or "general" for the one of the settings.`,
  );
}

function limitLine(used: string, own: number | undefined, general: number): string {
  const limit = own ?? general;
  return `${used} of ${limit === 0 ? 'no limit' : limit} (${own === undefined ? 'from the settings' : 'its own'})`;
}

/** @throws FastbandError `not_found` */
async function activeId(app: App, nameOrId: string): Promise<string> {
  const active = (await app.handle('clients.list', {})).filter((one) => one.revokedAt === undefined);
  const found = active.find((one) => one.id === nameOrId) ?? active.find((one) => one.name === nameOrId);
  if (found === undefined) {
    throw new FastbandError(
      'not_found',
      `There is no active client "${showLine(nameOrId)}". "fastband client list" shows them.`,
    );
  }
  return found.id;
}

/** The address of the running host, else the one that it would have; undefined when that is any free port. */
async function mcpUrl(options: CommonOptions, app: App): Promise<string | undefined> {
  const host = await findHost(resolveHome(options.home));
  if (host !== undefined) return host.mcp;
  const { port } = app.settings.current.server;
  return port === 0 ? undefined : `http://127.0.0.1:${port}/mcp`;
}

function howToConnect(
  name: string,
  token: string,
  url: string | undefined,
  home: string | undefined,
): string {
  const address = url ?? 'http://127.0.0.1:PORT/mcp';
  const bridge = {
    mcpServers: {
      fastband: {
        // Both absolute: desktop apps start servers with hardly any PATH.
        command: process.execPath,
        args: [
          process.argv[1] ?? 'fastband',
          'stdio',
          ...(home === undefined ? [] : ['--home', resolveHome(home)]),
        ],
        env: { FASTBAND_TOKEN: token },
      },
    },
  };
  return [
    `${paint('bold', `Client ${showLine(name)} was added.`)} This is its token, shown only this once:`,
    '',
    `  ${token}`,
    '',
    'Claude Code:',
    '',
    `  claude mcp add --transport http fastband ${address} --header "Authorization: Bearer ${token}"`,
    '',
    'Claude Desktop, Cursor and others that start servers themselves (JSON):',
    '',
    indent(JSON.stringify(bridge, null, 2)),
    '',
    url === undefined
      ? 'The port is chosen when "fastband serve" starts; it prints the address.'
      : `Others: MCP over HTTP at ${address}, with the header Authorization: Bearer and the token.`,
  ].join('\n');
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}
