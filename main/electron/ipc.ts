import type { IpcMain, IpcMainInvokeEvent, WebContents } from 'electron';
import { z } from 'zod';
import type { Channel } from '../../contract/channels.ts';
import { DESKTOP_CHANNELS, type DesktopChannel } from '../../contract/desktop.ts';
import type { WireError } from '../../contract/errors.ts';
import { WINDOW_KINDS, WINDOWS, type WindowKind } from '../../contract/windows.ts';
import { FastbandError, toWireError } from '../core/errors.ts';
import { hasProtoKey } from '../core/proto-key.ts';
import type { Log } from '../ports.ts';
import { isOwnUrl } from './protocol.ts';

export interface IpcDeps {
  readonly ipcMain: Pick<IpcMain, 'handle'>;
  /** Which of our windows these contents are in; undefined for any other. */
  readonly kindOf: (contents: WebContents) => WindowKind | undefined;
  /** The core's handler: it parses the input. */
  readonly channel: (channel: Channel, input: unknown) => Promise<unknown>;
  /** Given parsed input. */
  readonly desktop: (channel: DesktopChannel, input: unknown) => Promise<unknown>;
  readonly log: Log;
}

export type Envelope =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: WireError };

/**
 * The one place that answers a page. Each call is checked for where it comes from: the exact origin, the main frame,
 * and a window that may use this channel (Electron security checklist, 17). Errors cross as code and message.
 */
export function registerIpc({ ipcMain, kindOf, channel, desktop, log }: IpcDeps): void {
  const serve = (name: string, run: (input: unknown) => Promise<unknown>) => {
    const kinds = WINDOW_KINDS.filter((kind) => {
      const names: readonly string[] = [...WINDOWS[kind].channels, ...WINDOWS[kind].desktop];
      return names.includes(name);
    });
    ipcMain.handle(name, async (event, input: unknown): Promise<Envelope> => {
      try {
        const kind = isOwnPage(event) ? kindOf(event.sender) : undefined;
        if (kind === undefined || !kinds.includes(kind))
          throw new FastbandError('forbidden', 'This window may not do that.');
        if (hasProtoKey(input))
          throw new FastbandError('invalid_input', 'The input holds a key "__proto__".');
        return { ok: true, value: await run(input) };
      } catch (error) {
        if (!(error instanceof FastbandError))
          log.error({ err: error, channel: name }, 'a window’s call failed');
        return { ok: false, error: toWireError(error) };
      }
    });
  };
  const names = new Set<Channel>(WINDOW_KINDS.flatMap((kind) => WINDOWS[kind].channels));
  for (const name of names) serve(name, (input) => channel(name, input));
  for (const name of Object.keys(DESKTOP_CHANNELS) as DesktopChannel[])
    serve(name, (input) => {
      const parsed = DESKTOP_CHANNELS[name].input.safeParse(input ?? {});
      if (!parsed.success)
        throw new FastbandError('invalid_input', z.prettifyError(parsed.error).slice(0, 1000));
      return desktop(name, parsed.data);
    });
}

/** A frame that has navigated or is gone is null, or throws when it is asked; frames inside a page are not the page. */
function isOwnPage({ senderFrame, sender }: IpcMainInvokeEvent): boolean {
  try {
    return senderFrame !== null && senderFrame === sender.mainFrame && isOwnUrl(senderFrame.url);
  } catch {
    return false;
  }
}
