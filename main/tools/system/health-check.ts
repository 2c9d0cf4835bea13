import { z } from 'zod';
import { defineTool } from '../tool.ts';

export const healthCheck = defineTool({
  name: 'health_check',
  title: 'Health',
  description: 'Whether Fastband works as it should.',
  group: 'system',
  risk: 'read',
  input: z.strictObject({}),
  output: z.object({
    ok: z.boolean(),
    audit: z.enum(['ok', 'failing']),
    uptimeSeconds: z.int(),
    tools: z.int(),
    waitingApprovals: z.int(),
  }),
  plan: () => ({ effects: [], data: null }),
  run(_plan, { host, ports }) {
    const ok = host.auditOk();
    const output = {
      ok,
      audit: ok ? ('ok' as const) : ('failing' as const),
      uptimeSeconds: Math.round((ports.clock.now() - host.startedAt) / 1000),
      tools: host.toolCount(),
      waitingApprovals: host.waitingApprovals(),
    };
    return { output, summary: `Health: ${ok ? 'ok' : 'the audit log is failing'}.` };
  },
});
