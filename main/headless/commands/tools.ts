import type { Command } from 'commander';
import { print, printJson, table } from '../terminal.ts';
import { addCommand, addGroup, type CommonOptions, withApp } from './with-app.ts';

export function addTools(program: Command): void {
  const group = addGroup(program, 'tools', 'what clients are offered');

  addCommand(group, 'list', 'show the tools', ['tools list', 'tools list --json']).action(
    async (options: CommonOptions) => {
      const tools = await withApp(options, (app) => app.handle('tools.list', {}));
      if (options.json) return printJson(tools);
      print(
        table(tools, [
          { title: 'NAME', of: (tool) => tool.name },
          { title: 'GROUP', of: (tool) => tool.group },
          { title: 'RISK', of: (tool) => tool.risk },
          {
            title: 'STATE',
            of: (tool) => (tool.enabled ? 'on' : 'off'),
            style: (tool) => (tool.enabled ? undefined : 'yellow'),
          },
          { title: 'WHAT IT DOES', of: (tool) => tool.title },
        ]),
      );
    },
  );

  for (const [verb, enabled] of [
    ['enable', true],
    ['disable', false],
  ] as const) {
    const summary = enabled ? 'offer tools to clients again' : 'take tools away from all clients, at once';
    addCommand(group, `${verb} <names...>`, summary, [`tools ${verb} run_command`]).action(
      async (names: string[], options: CommonOptions) => {
        const changed = await withApp(options, async (app) => {
          const known = new Set((await app.handle('tools.list', {})).map((tool) => tool.name));
          // All names are looked at before any tool is switched; the core says what is wrong with the first bad one.
          const inOrder = names.toSorted((a, b) => Number(known.has(a)) - Number(known.has(b)));
          const tools = [];
          for (const name of inOrder) tools.push(await app.handle('tools.setEnabled', { name, enabled }));
          return tools;
        });
        if (options.json) return printJson(changed);
        for (const tool of changed) print(`${tool.name} is ${enabled ? 'on' : 'off'}.`);
      },
    );
  }
}
