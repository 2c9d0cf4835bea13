import type { Command } from 'commander';
import { addCommand, type CommonOptions } from './with-app.ts';

export function addStdio(program: Command): void {
  addCommand(program, 'stdio', 'connect a client that only speaks stdio to the running host', [
    'stdio    # the client starts it, with its token in FASTBAND_TOKEN',
  ]).action(async (options: CommonOptions) => {
    const { stdio } = await import('../stdio.ts');
    await stdio(options);
  });
}
