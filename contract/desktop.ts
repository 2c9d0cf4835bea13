import { z } from 'zod';
import { WireError } from './errors.ts';

const none = z.strictObject({});

/** How things are with a newer version of the desktop app. */
export const UpdateState = z.discriminatedUnion('phase', [
  /** There is nowhere to look: run from its sources, or packaged without an address for updates. */
  z.strictObject({ phase: z.literal('off'), why: z.enum(['sources', 'noFeed']) }),
  /** Nothing newer, as far as was looked. Milliseconds since the epoch. */
  z.strictObject({ phase: z.literal('current'), checkedAt: z.number().optional() }),
  z.strictObject({ phase: z.literal('checking') }),
  z.strictObject({ phase: z.literal('loading'), version: z.string(), percent: z.int().min(0).max(100) }),
  /** Fetched and verified; a person says when it is installed. */
  z.strictObject({ phase: z.literal('ready'), version: z.string() }),
  z.strictObject({ phase: z.literal('failed'), message: z.string(), checkedAt: z.number() }),
]);
export type UpdateState = z.infer<typeof UpdateState>;

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
  /** A key was pasted into a page: a minute later it is taken out of the clipboard, if it is still there. */
  'desktop.keyPasted': { input: none, output: none },
  'desktop.relaunch': { input: none, output: none },
  'desktop.update': { input: none, output: UpdateState },
  /** Begins to look for a newer version, and to fetch it. */
  'desktop.checkForUpdate': { input: none, output: UpdateState },
  'desktop.cancelUpdate': { input: none, output: UpdateState },
  /** Asks the person, in a dialog that no page can answer, then restarts into the new version. */
  'desktop.installUpdate': { input: none, output: none },
} as const satisfies Record<string, { input: z.ZodType; output: z.ZodType }>;

export type DesktopChannel = keyof typeof DESKTOP_CHANNELS;
export type DesktopInput<C extends DesktopChannel> = z.output<(typeof DESKTOP_CHANNELS)[C]['input']>;
export type DesktopOutput<C extends DesktopChannel> = z.output<(typeof DESKTOP_CHANNELS)[C]['output']>;
