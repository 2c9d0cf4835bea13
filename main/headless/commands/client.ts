import type { Command } from 'commander';
import type { App } from '../../app.ts';
import { showLine } from '../../core/display.ts';
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
