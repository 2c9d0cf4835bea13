import { z } from 'zod';
import { WireError } from './errors.ts';

const none = z.strictObject({});

/**
 * What only the desktop can do for its windows, beside the channels that every panel has: one row each.
 * `main/electron/desktop-handlers.ts` serves it.
 */
export const DESKTOP_CHANNELS = {
  'desktop.info': {
    input: none,
    output: z.strictObject({
      platform: z.string(),
      version: z.string(),
      packaged: z.boolean(),
      electron: z.string(),
      chrome: z.string(),
      node: z.string(),
      home: z.string(),
      /** Why the core did not start: the window then says so, and how to mend it. */
      problem: WireError.optional(),
    }),
  },
  /** Null: the person changed their mind. */
  'desktop.pickFolder': { input: none, output: z.strictObject({ path: z.string().nullable() }) },
  /** Asks where, then writes the text there. */
  'desktop.saveFile': {
    input: z.strictObject({
      name: z.string().regex(/^[\w][\w. -]{0,99}$/, 'a plain file name'),
      text: z.string().max(64 * 1024 * 1024),
    }),
    output: z.strictObject({ path: z.string().nullable() }),
  },
  'desktop.showHome': { input: none, output: none },
  'desktop.openExternal': { input: z.strictObject({ url: z.string().max(2000) }), output: none },
  /** Shows the approval window, with one approval or the one that waits longest. */
  'desktop.openApproval': { input: z.strictObject({ id: z.string().optional() }), output: none },
  'desktop.closeApproval': { input: none, output: none },
  'desktop.relaunch': { input: none, output: none },
} as const satisfies Record<string, { input: z.ZodType; output: z.ZodType }>;

export type DesktopChannel = keyof typeof DESKTOP_CHANNELS;
export type DesktopInput<C extends DesktopChannel> = z.output<(typeof DESKTOP_CHANNELS)[C]['input']>;
export type DesktopOutput<C extends DesktopChannel> = z.output<(typeof DESKTOP_CHANNELS)[C]['output']>;
