import { EventEmitter } from 'node:events';

type ProtocolHandler = Parameters<Electron.Protocol['handle']>[1];
type BeforeRequest = (
  details: Electron.OnBeforeRequestListenerDetails,
  callback: (answer: Electron.CallbackResponse) => void,
) => void;

const handlers = new Map<string, ProtocolHandler>();

export const protocol = {
  schemes: [] as Electron.CustomScheme[],
  registerSchemesAsPrivileged(schemes: Electron.CustomScheme[]): void {
    this.schemes.push(...schemes);
  },
  handle(scheme: string, handler: ProtocolHandler): void {
    handlers.set(scheme, handler);
  },
  unhandle(scheme: string): void {
    handlers.delete(scheme);
  },
  isProtocolHandled(scheme: string): boolean {
    return handlers.has(scheme);
  },
} satisfies Pick<
  Electron.Protocol,
  'registerSchemesAsPrivileged' | 'handle' | 'unhandle' | 'isProtocolHandled'
> & { schemes: Electron.CustomScheme[] };

class DoubleSession
  extends EventEmitter
  implements
    Pick<
      Electron.Session,
      | 'setPermissionRequestHandler'
      | 'setPermissionCheckHandler'
      | 'setDevicePermissionHandler'
      | 'setSpellCheckerEnabled'
    >
{
  permissionRequest: Parameters<Electron.Session['setPermissionRequestHandler']>[0] = null;
  permissionCheck: Parameters<Electron.Session['setPermissionCheckHandler']>[0] = null;
  #beforeRequest: BeforeRequest | null = null;

  readonly webRequest = {
    onBeforeRequest: (first: unknown, second?: unknown) => {
      this.#beforeRequest = (second ?? first) as BeforeRequest | null;
    },
  };

  setPermissionRequestHandler(handler: DoubleSession['permissionRequest']): void {
    this.permissionRequest = handler;
  }

  setPermissionCheckHandler(handler: DoubleSession['permissionCheck']): void {
    this.permissionCheck = handler;
  }

  setDevicePermissionHandler(): void {}

  setSpellCheckerEnabled(): void {}

  /** Whether the app lets a request go on. */
  async mayRequest(
    details: Pick<Electron.OnBeforeRequestListenerDetails, 'url' | 'method'>,
  ): Promise<boolean> {
    const listener = this.#beforeRequest;
    if (listener === null) return true;
    return new Promise((resolve) =>
      listener(details as Electron.OnBeforeRequestListenerDetails, ({ cancel }) => resolve(cancel !== true)),
    );
  }

  /** What the app's own protocol answers; undefined when the scheme is not the app's. */
  async respond(request: Request): Promise<Response | undefined> {
    return handlers.get(new URL(request.url).protocol.slice(0, -1))?.(request as never);
  }
}

const defaultSession = new DoubleSession();
export const session = { defaultSession, fromPartition: () => defaultSession };
