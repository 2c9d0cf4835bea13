import { resolve } from 'node:path';
import type { Command } from 'commander';
import { showLine } from '../../../contract/display.ts';
import { print, printJson, table } from '../terminal.ts';
import { addCommand, addGroup, type CommonOptions, withApp } from './with-app.ts';

export function addWorkspace(program: Command): void {
  const group = addGroup(program, 'workspace', 'folders that clients may work in');

  addCommand(group, 'add <dir>', 'let clients work in a folder', [
    'workspace add ~/code/shop',
    'workspace add ~/docs --name handbook --read-only',
  ])
    .option('--name <name>', "what clients call it (default: the folder's name)")
    .option('--read-only', 'nothing in it can be changed, whatever the rules say')
    .action(async (dir: string, options: CommonOptions & { name?: string; readOnly?: boolean }) => {
      const { name, readOnly = false } = options;
      const input = { root: resolve(dir), readOnly, ...(name === undefined ? {} : { name }) };
      const workspace = await withApp(options, (app) => app.handle('workspaces.add', input));
      if (options.json) return printJson(workspace);
      print(
        `Clients may now work in ${showLine(workspace.root)}, as workspace ${workspace.name}${readOnly ? ', read only' : ''}.`,
      );
    });

  addCommand(group, 'list', 'show the workspaces', ['workspace list', 'workspace list --json']).action(
    async (options: CommonOptions) => {
      const workspaces = await withApp(options, (app) => app.handle('workspaces.list', {}));
      if (options.json) return printJson(workspaces);
      if (workspaces.length === 0)
        return print('There is no workspace yet. Add one: fastband workspace add DIR');
      print(
        table(workspaces, [
          { title: 'NAME', of: (one) => one.name },
          { title: 'ACCESS', of: (one) => (one.readOnly ? 'read only' : 'read, write') },
          { title: 'FOLDER', of: (one) => one.root },
        ]),
      );
    },
  );

  addCommand(group, 'remove <name>', 'keep clients out of a folder again; its files are not touched', [
    'workspace remove shop',
  ]).action(async (name: string, options: CommonOptions) => {
    const workspace = await withApp(options, (app) => app.handle('workspaces.remove', { name }));
    if (options.json) return printJson(workspace);
    print(`${showLine(workspace.root)} is no workspace any more. Its files were not touched.`);
  });
}
