import { z } from 'zod';
import { defineTool } from '../tool.ts';

export const getVersion = defineTool({
  name: 'get_version',
  title: 'Version',
  description: 'Versions of Fastband and its platform.',
  group: 'system',
  risk: 'read',
  input: z.strictObject({}),
  output: z.object({ fastband: z.string(), node: z.string(), platform: z.string() }),
  plan: () => ({ effects: [], data: null }),
  run: (_plan, { host }) => ({
    output: {
      fastband: host.version,
      node: process.versions.node,
      platform: `${process.platform} ${process.arch}`,
    },
    summary: `Version ${host.version}.`,
  }),
});
