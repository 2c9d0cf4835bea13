import type { LaunchOptions } from 'playwright-core';

/** The one origin that workspace files have in a browser. RFC 2606: `.invalid` is nobody's. */
export const SITE_ORIGIN = 'http://workspace.fastband.invalid';
export const SITE_HOST = 'workspace.fastband.invalid';

/** What a browser needs of the environment: nothing that could hold a secret. */
const PASSED_ON =
  /^(?:PATH|HOME|USER|LANG|LC_[A-Z]+|TZ|TMPDIR|TEMP|TMP|SystemRoot|SYSTEMROOT|windir|USERPROFILE|APPDATA|LOCALAPPDATA|ProgramFiles.*|FONTCONFIG_.*|XDG_RUNTIME_DIR)$/;

/** Whether Chromium's own sandbox is on: for everybody but root, for whom it does not start. */
export function usesSandbox(uid: number | undefined = process.getuid?.()): boolean {
  return uid !== 0;
}

/**
 * How a browser is started: headless, spoken to over a pipe that ends with us, and with no way to the network but the
 * proxy. Chromium itself resolves no name at all, so that nothing it looks ahead for (DNS prefetch, its own services,
 * WebRTC) can pass by the proxy.
 */
export function launchOptions(options: {
  readonly executablePath: string;
  /** `http://127.0.0.1:port` */
  readonly proxy: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly sandbox: boolean;
}): LaunchOptions {
  const { executablePath, proxy, env, sandbox } = options;
  return {
    executablePath,
    headless: true,
    chromiumSandbox: sandbox,
    // Loopback too: without this Chromium would reach it by itself.
    proxy: { server: proxy, bypass: '<-loopback>' },
    env: Object.fromEntries(
      Object.entries(env).flatMap(([name, value]) =>
        value !== undefined && PASSED_ON.test(name) ? [[name, value]] : [],
      ),
    ),
    // The host decides when it stops, and closes browsers with everything else.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    args: [
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
      '--dns-prefetch-disable',
      '--disable-quic',
      '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
      '--webrtc-ip-handling-policy=disable_non_proxied_udp',
      '--disable-sync',
      '--no-pings',
      // Pages of a workspace behave as they would on the developer's own https or localhost.
      `--unsafely-treat-insecure-origin-as-secure=${SITE_ORIGIN}`,
    ],
  };
}
