import { z } from 'zod';
import { defineTool } from '../tool.ts';

export const getConfig = defineTool({
  name: 'get_config',
  title: 'Settings',
  description: 'The settings that bound your calls: timeouts, limits, caps.',
  group: 'system',
  risk: 'read',
  input: z.strictObject({}),
  output: z.object({
    callsPerMinute: z.int(),
    callSeconds: z.int(),
    approvalTimeoutSeconds: z.int(),
    commandTimeoutSeconds: z.int(),
    commandOutputBytes: z.int(),
    undoDays: z.int(),
  }),
  plan: () => ({ effects: [], data: null }),
  // Named one by one: a setting that is added later is not told to clients unless someone decides so here.
  run: (_plan, { settings }) => ({
    output: {
      callsPerMinute: settings.limits.callsPerMinute,
      callSeconds: settings.limits.callSeconds,
      approvalTimeoutSeconds: settings.approvals.timeoutSeconds,
      commandTimeoutSeconds: settings.commands.timeoutSeconds,
      commandOutputBytes: settings.commands.outputBytes,
      undoDays: settings.journal.retentionDays,
    },
    summary: 'Told the settings.',
  }),
});
