import type { Channel, ChannelInput, ChannelOutput } from '../contract/channels.ts';
import type { ServerStatus } from '../contract/entities.ts';
import type { HostEvent } from '../contract/events.ts';
import type { PictureType } from '../contract/pictures.ts';
import { type AppOptions, Core } from './composition.ts';
import type { SettingsStore } from './config/settings.ts';
import type { Redactor } from './core/redact.ts';
import { handle } from './handlers.ts';
import type { Ports } from './ports.ts';
import type { Store } from './store/open.ts';

/** What hosts, the panel and the CLI hold of the core. */
export interface App {
  readonly settings: SettingsStore;
  readonly store: Store;
  readonly redactor: Redactor;
  /** Parses, then does. @throws FastbandError */
  handle<C extends Channel>(channel: C, input: unknown): Promise<ChannelOutput<C>>;
  status(): ServerStatus;
  /** The rows of `audit.export` as text, in chunks, while the log may grow. */
  exportAudit(input: ChannelInput<'audit.export'>): AsyncIterable<string>;
  /** A picture of the gallery, for the person. @throws FastbandError `not_found` */
  picture(id: string, size: 'full' | 'small'): Promise<{ data: Buffer; type: PictureType }>;
  subscribe(listener: (event: HostEvent) => void): () => void;
  /** Records a request without a good token or session; repeats are counted into few rows. */
  authFailed(what: string): void;
  /** Tells `server.status` where the panel is. */
  setPanel(url: string | undefined): void;
  start(options?: { port?: number }): Promise<{ mcp: string }>;
  stop(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Composes the whole core under plain Node. Nothing listens before `start`.
 *
 * @throws FastbandError `home_in_use` (another host has this home), `settings_invalid`, `audit_unavailable`
 */
export async function composeApp(ports: Ports, options: AppOptions): Promise<App> {
  const core = await Core.open(ports, options);
  return {
    settings: core.settings,
    store: core.store,
    redactor: core.redactor,
    handle: (channel, input) => handle(core, channel, input),
    status: () => core.status(),
    exportAudit: (input) => core.exportAudit(input),
    picture: (id, size) => core.gallery.show(id, size),
    subscribe: (listener) => core.subscribe(listener),
    authFailed: (what) => core.authFailures.record(what),
    setPanel: (url) => core.setPanel(url),
    start: (start) => core.startServer(start),
    stop: () => core.stopServer(),
    close: () => core.close(),
  };
}
