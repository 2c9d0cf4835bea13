import { z } from 'zod';
import { defineTool } from '../tool.ts';

export const listWorkspaces = defineTool({
  name: 'list_workspaces',
  title: 'Workspaces',
  description: 'The folders that you may work in.',
  group: 'system',
  risk: 'read',
  input: z.strictObject({}),
  output: z.object({
    workspaces: z.array(z.object({ name: z.string(), root: z.string(), readOnly: z.boolean() })),
  }),
  plan: () => ({ effects: [], data: null }),
  run: (_plan, { workspaces }) => ({
    output: { workspaces: workspaces.map(({ name, root, readOnly }) => ({ name, root, readOnly })) },
    summary: `Told of ${workspaces.length} workspaces.`,
  }),
});
