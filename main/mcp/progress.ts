import type { ServerContext } from '@modelcontextprotocol/server';
import type { CallRequest } from '../core/dispatch.ts';
import type { Clock } from '../ports.ts';

/** Notifications come at most this often; the last word in between is sent when its time comes. */
const MIN_GAP_MS = 25;

export interface ProgressReporter {
  readonly report: NonNullable<CallRequest['progress']>;
  /** Sends what is still held back: to be called before the result. */
  flush(): Promise<void>;
}

/**
 * Turns a call's progress into MCP notifications, when the client asked for them.
 * The specification wants `progress` to grow with every notification, so it does, whatever the tool says.
 */
export function progressReporter(context: ServerContext, clock: Clock): ProgressReporter | undefined {
  const token = context.mcpReq._meta?.progressToken;
  if (token === undefined) return undefined;
  let last = -1;
  let lastAt = Number.NEGATIVE_INFINITY;
  let held: { message: string; done: number | undefined; total: number | undefined } | undefined;
  const send = async () => {
    if (held === undefined) return;
    const { message, done, total } = held;
    held = undefined;
    lastAt = clock.monotonic();
    last = done !== undefined && done > last ? done : last + 1;
    const params = {
      progressToken: token,
      progress: last,
      message,
      ...(total !== undefined && total >= last ? { total } : {}),
    };
    // The client may have gone: the call's own signal says so, nothing is left to tell here.
    await context.mcpReq.notify({ method: 'notifications/progress', params }).catch(() => {});
  };
  return {
    report(message, done, total) {
      const waiting = held !== undefined;
      held = { message, done, total };
      if (waiting) return;
      const gap = lastAt + MIN_GAP_MS - clock.monotonic();
      if (gap <= 0) void send();
      else clock.after(gap, () => void send());
    },
    flush: send,
  };
}
