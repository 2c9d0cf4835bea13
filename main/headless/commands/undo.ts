import type { Command } from 'commander';
import { showLine } from '../../../contract/display.ts';
import { print, printJson } from '../terminal.ts';
import { addCommand, type CommonOptions, withApp } from './with-app.ts';

export function addUndo(program: Command): void {
  addCommand(program, 'undo <call-id>', 'put back what a call changed; refused when it has changed since', [
    'undo c_3n5T0kQxkq2h1o4m',
    'audit search --kind write    # shows the ids',
  ]).action(async (callId: string, options: CommonOptions) => {
    const undone = await withApp(options, (app) => app.handle('journal.undo', { callId }));
    if (options.json) return printJson(undone);
    for (const path of undone.restored) print(`Put back ${showLine(path)}`);
    print(`To take this back: fastband undo ${undone.callId}`);
  });
}
