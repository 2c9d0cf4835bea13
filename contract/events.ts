import { z } from 'zod';
import { Approval } from './approvals.ts';
import { AuditRow, TaskId } from './audit.ts';
import { ServerStatus } from './entities.ts';
import { Settings } from './settings.ts';

/** What the host tells its panel as it happens: server-sent events here, IPC in the desktop. */
export const HostEvent = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('approval.added'), approval: Approval }),
  z.strictObject({ type: z.literal('approval.settled'), approval: Approval }),
  z.strictObject({ type: z.literal('audit.row'), row: AuditRow }),
  z.strictObject({ type: z.literal('server.state'), status: ServerStatus }),
  z.strictObject({ type: z.literal('settings.changed'), settings: Settings }),
  /** How far a long task is, in units of its own. At most ten times a second. */
  z.strictObject({ type: z.literal('task.progress'), task: TaskId, done: z.int(), total: z.int() }),
]);
export type HostEvent = z.infer<typeof HostEvent>;
