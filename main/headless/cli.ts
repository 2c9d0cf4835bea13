import { Command } from 'commander';
import { VERSION } from '../version.ts';
import { addAudit } from './commands/audit.ts';
import { addBackup } from './commands/backup.ts';
import { addClient } from './commands/client.ts';
import { addConfig } from './commands/config.ts';
import { addDoctor } from './commands/doctor.ts';
import { addKeys } from './commands/keys.ts';
import { addRules } from './commands/rules.ts';
import { addServe } from './commands/serve.ts';
import { addStdio } from './commands/stdio.ts';
import { addTools } from './commands/tools.ts';
import { addUndo } from './commands/undo.ts';
import { addWorkspace } from './commands/workspace.ts';
import { report } from './terminal.ts';

/** The whole command line. What a command needs is loaded when it runs: here are names, options and help alone. */
export function buildProgram(): Command {
  const program = new Command('fastband')
    .description('See, allow, refuse and audit what AI clients do on this machine.')
    .version(VERSION)
    .exitOverride()
    .showSuggestionAfterError()
    // `report` says it, once, with the code that scripts get.
    .configureOutput({ outputError: () => {} })
    .addHelpText('after', FIRST_STEPS);
  addServe(program);
  addStdio(program);
  addClient(program);
  addWorkspace(program);
  addRules(program);
  addTools(program);
  addKeys(program);
  addAudit(program);
  addUndo(program);
  addBackup(program);
  addConfig(program);
  addDoctor(program);
  return program;
}

const FIRST_STEPS = `
First steps:
  $ fastband serve --workspace ~/code/shop     run the host, and open the panel by the link that it prints
  $ fastband client add "Claude Code"          make a token for a client

Exit codes: 0 done, 1 failed, 2 called wrongly. "fastband COMMAND --help" says more.`;

/** Runs one command line. Sets the exit code; never throws. */
export async function main(argv: readonly string[]): Promise<void> {
  // A reader that has seen enough ("| head") is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  try {
    await buildProgram().parseAsync(argv);
  } catch (error) {
    const words = argv.slice(2);
    const end = words.indexOf('--');
    process.exitCode = report(error, words.slice(0, end === -1 ? undefined : end).includes('--json'));
  }
}
