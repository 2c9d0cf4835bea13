import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { HealthCheck, SecurityCheck } from '../contract/entities.ts';
import type { BrowserState } from '../contract/pictures.ts';
import { DATABASE_FILE } from './store/home.ts';

export interface SecurityFacts {
  readonly home: string;
  /** Whether rows of the log can be written. */
  readonly auditOk: boolean;
  /** URLs at which the host is reached now. */
  readonly listening: readonly string[];
  readonly keychain: HealthCheck | undefined;
  readonly browser: Pick<BrowserState, 'state' | 'sandbox'>;
  /** The setting `web.allowedHosts`. */
  readonly allowedHosts: readonly string[];
  /** Of this process; undefined where the system has none. */
  readonly uid: number | undefined;
  /** Whether the panel is served to a browser. A weak `FASTBAND_SECRET_KEY` would have kept it from starting. */
  readonly panelServed: boolean;
  /** What the last verification of the log said since Fastband was started. */
  readonly verified: Verified | undefined;
  /** Absent for a host without windows. */
  readonly desktop?: DesktopFacts | undefined;
}

export interface Verified {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly bad: { readonly seq: number; readonly problem: string } | null;
}

/** What the app knows of itself. */
export interface DesktopFacts {
  /** Installed, and not run from its sources: its fuses are set when it is packaged. */
  readonly packaged: boolean;
  /** Chromium's sandbox, of every window. */
  readonly sandbox: boolean;
  /** There is a place where newer versions, with the security fixes in them, can be found. */
  readonly feed: boolean;
  /** They are looked for without being asked. */
  readonly automatic: boolean;
}

/** How each part of this installation's protection is now, as far as the host can tell. */
export async function examineSecurity(facts: SecurityFacts): Promise<SecurityCheck[]> {
  const { auditOk, keychain, uid } = facts;
  return [
    await files(facts),
    uid === 0
      ? {
          id: 'user',
          state: 'warn',
          claims: ['FS-9'],
          problem:
            'Fastband runs as root, and so does every command that you allow. Start it as yourself instead.',
        }
      : { id: 'user', state: uid === undefined ? 'unknown' : 'ok', claims: ['FS-9'] },
    listen(facts),
    auditOk
      ? { id: 'log', state: 'ok', claims: ['LOG-1', 'LOG-2'] }
      : {
          id: 'log',
          state: 'warn',
          claims: ['LOG-1', 'LOG-2'],
          problem:
            'The log cannot be written, so every call is refused. Free disk space and check the folder.',
        },
    chain(facts),
    keychain?.state === 'ok'
      ? { id: 'keychain', state: 'ok', claims: ['KEY-1', 'KEY-2'] }
      : {
          id: 'keychain',
          state: 'warn',
          claims: ['KEY-1', 'KEY-2'],
          ...(keychain?.problem === undefined ? {} : { problem: keychain.problem }),
        },
    browser(facts),
    openings(facts),
    { id: 'session', state: facts.panelServed ? 'ok' : 'unknown', claims: ['ACC-7', 'ACC-9'] },
    ...(facts.desktop === undefined ? [] : desktop(facts.desktop)),
  ];
}

function chain({ verified }: SecurityFacts): SecurityCheck {
  const check = { id: 'chain' as const, claims: ['LOG-3'] };
  if (verified === undefined) return { ...check, state: 'unknown' };
  const { at, bad } = verified;
  if (bad === null) return { ...check, at, state: 'ok' };
  return {
    ...check,
    at,
    state: 'warn',
    problem: `Row ${bad.seq} of the log does not fit: ${bad.problem} Somebody or something changed it outside of Fastband. Compare it with a backup.`,
  };
}

function desktop({ packaged, sandbox, feed, automatic }: DesktopFacts): SecurityCheck[] {
  return [
    sandbox
      ? { id: 'windows', claims: ['APP-1', 'APP-2'], state: 'ok' }
      : {
          id: 'windows',
          claims: ['APP-1', 'APP-2'],
          state: 'warn',
          problem:
            'The windows run without Chromium’s sandbox, as the app was started with --no-sandbox. Start it without.',
        },
    { id: 'fuses', claims: ['APP-8'], state: packaged ? 'ok' : 'unknown' },
    feed && !automatic
      ? {
          id: 'updates',
          claims: ['APP-9'],
          state: 'warn',
          problem: 'Newer versions are not looked for. Switch that on in Settings, under Updates.',
        }
      : { id: 'updates', claims: ['APP-9'], state: feed ? 'ok' : 'unknown' },
  ];
}

/** Modes say nothing on Windows, where the folder lies in the user's own profile. */
async function files({ home, uid }: SecurityFacts): Promise<SecurityCheck> {
  const check = { id: 'files' as const, claims: ['FS-9'] };
  if (uid === undefined) return { ...check, state: 'unknown' };
  const open: string[] = [];
  for (const path of [home, join(home, DATABASE_FILE), join(home, 'settings.json')]) {
    const mode = await stat(path).then(
      (found) => found.mode & 0o077,
      () => 0,
    );
    if (mode !== 0) open.push(path);
  }
  if (open.length === 0) return { ...check, state: 'ok' };
  return {
    ...check,
    state: 'warn',
    problem: `Other users of this machine may get at ${open.join(' and ')}. Run: chmod -R go= '${home}'`,
  };
}

function listen({ listening }: SecurityFacts): SecurityCheck {
  const check = { id: 'listen' as const, claims: ['ACC-1', 'ACC-2'] };
  const elsewhere = listening.filter((url) => URL.parse(url)?.hostname !== '127.0.0.1');
  if (elsewhere.length === 0) return { ...check, state: listening.length === 0 ? 'unknown' : 'ok' };
  return { ...check, state: 'warn', problem: `Fastband is reached at ${elsewhere.join(' and ')}.` };
}

function browser({ browser: { state, sandbox } }: SecurityFacts): SecurityCheck {
  const check = { id: 'browser' as const, claims: ['WEB-1', 'WEB-4'] };
  if (state === 'missing') return { ...check, state: 'unknown' };
  if (sandbox) return { ...check, state: 'ok' };
  return {
    ...check,
    state: 'warn',
    problem:
      'The browser that opens pages for clients runs without its own sandbox, because Fastband runs as root. Start Fastband as yourself.',
  };
}

function openings({ allowedHosts }: SecurityFacts): SecurityCheck {
  const check = { id: 'openings' as const, claims: ['NET-2', 'WEB-2'] };
  const wide = allowedHosts.filter((one) => one.endsWith(':*') || one.startsWith('*'));
  if (wide.length === 0) return { ...check, state: 'ok' };
  return {
    ...check,
    state: 'warn',
    problem: `Every port of ${wide.map((one) => one.replace(/:\*$/, '')).join(' and ')} is open to clients. Name single ports in Settings, under Web.`,
  };
}
