import type { Command } from 'commander';
import { addCommand, type CommonOptions, collect, integer } from './with-app.ts';

export interface ServeOptions extends CommonOptions {
  readonly workspace?: readonly string[];
  readonly port?: number;
  readonly panelPort?: number;
}

export function addServe(program: Command): void {
  addCommand(program, 'serve', 'run the host: the MCP server and the panel, on this machine only', [
    'serve --workspace ~/code/shop',
    'serve --workspace ~/code/shop --workspace ~/docs --port 0 --panel-port 0 --json',
  ])
    .option(
      '--workspace <dir>',
      'a folder that clients may work in; may be repeated; it is kept, as by "workspace add"',
      collect,
    )
    .option(
      '--port <port>',
      'for MCP; 0 takes any free one (default: setting server.port)',
      integer(0, 65535),
    )
    .option(
      '--panel-port <port>',
      'for the panel; 0 takes any free one (default: setting server.panelPort)',
      integer(0, 65535),
    )
    .addHelpText(
      'after',
      `
With --json, stdout is one line once all is ready; everything else goes to stderr:
  {"ready":true,"mcp":URL,"panel":URL,"panelToken":TOKEN,"home":DIR,"pid":N}

FASTBAND_SECRET_KEY (at least 32 bytes) keeps browsers logged in across restarts. FASTBAND_LOG sets the log's
level: debug, info, warn, error, silent. SIGINT and SIGTERM stop the host; SIGUSR2 makes it print
a new link to the panel.`,
    )
    .action(async (options: ServeOptions) => {
      const { serve } = await import('../serve.ts');
      await serve(options);
    });
}
