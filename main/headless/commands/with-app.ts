import { type Command, InvalidArgumentError, Option } from 'commander';
import type { App } from '../../app.ts';
import { resolveHome } from '../home.ts';

/** What every command takes. */
export interface CommonOptions {
  readonly home?: string;
  readonly json?: boolean;
}

/** Adds a command with what all of them share. `examples` are shown below its help. */
export function addCommand(
  parent: Command,
  nameAndArguments: string,
  summary: string,
  examples: readonly string[],
): Command {
  return parent
    .command(nameAndArguments)
    .description(summary)
    .addOption(
      new Option(
        '--home <dir>',
        'where Fastband keeps its data (default: FASTBAND_HOME, else the user data folder)',
      ),
    )
    .option('--json', 'answer as JSON, for scripts')
    .addHelpText('after', `\nExamples:\n${examples.map((line) => `  $ fastband ${line}`).join('\n')}`);
}

/** Adds a command that only holds others. */
export function addGroup(parent: Command, name: string, summary: string): Command {
  return parent.command(name).description(summary);
}

/** Composes the core beside whatever host runs, uses it, and closes it again. */
export async function withApp<T>(options: CommonOptions, use: (app: App) => Promise<T>): Promise<T> {
  const [{ composeApp }, { nodePorts }, { commandLog }] = await Promise.all([
    import('../../app.ts'),
    import('../../node-ports.ts'),
    import('../log.ts'),
  ]);
  const app = await composeApp(nodePorts({ home: resolveHome(options.home), log: commandLog }), {
    role: 'cli',
  });
  try {
    return await use(app);
  } finally {
    await app.close();
  }
}

/** A whole number within bounds, for option values. */
export function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}

/** Collects an option that may be given several times. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}
