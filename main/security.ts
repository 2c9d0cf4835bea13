import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { HealthCheck, SecurityCheck } from '../contract/entities.ts';
import type { BrowserState } from '../contract/pictures.ts';

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
  /** Whether `FASTBAND_SECRET_KEY` is set, so that sessions of the panel outlive a restart. */
  readonly secretSet: boolean;
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
  /** Names of fuses that are not as they must be, as read from the program. Undefined where that cannot be told. */
  readonly wrongFuses: readonly string[] | undefined;
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
    session(facts),
    ...(facts.desktop === undefined ? [] : desktop(facts.desktop)),
  ];
}

function chain({ verified }: SecurityFacts): SecurityCheck {
  const check = { id: 'chain' as const, claims: ['LOG-3'] };
  if (verified === undefined) return { ...check, state: 'unknown' };
  const { at, bad } = verified;
  if (bad === null) return { ...check, at, state: 'ok' };
  return { ...check, at, state: 'warn', problem: brokenChain(bad) };
}

/** @param bad - the first row that verification found wrong */
export function brokenChain({ seq, problem }: NonNullable<Verified['bad']>): string {
  return `Row ${seq} of the log does not fit: ${problem} Somebody or something changed it outside of Fastband. Compare it with a backup.`;
}

function desktop({ packaged, wrongFuses, sandbox, feed, automatic }: DesktopFacts): SecurityCheck[] {
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
    fuses(packaged ? wrongFuses : undefined),
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

function fuses(wrong: readonly string[] | undefined): SecurityCheck {
  const check = { id: 'fuses' as const, claims: ['APP-8'] };
  if (wrong === undefined || wrong.length === 0)
    return { ...check, state: wrong === undefined ? 'unknown' : 'ok' };
  return {
    ...check,
    state: 'warn',
    problem: `The app's program is not set as it must be (${wrong.join(', ')}), so it can be made to run other code. Install Fastband again from where you trust it.`,
  };
}

function session({ panelServed, secretSet }: SecurityFacts): SecurityCheck {
  const check = { id: 'session' as const, claims: ['ACC-7', 'ACC-9'] };
  if (!panelServed) return { ...check, state: 'unknown' };
  return {
    ...check,
    state: 'ok',
    note: secretSet
      ? 'FASTBAND_SECRET_KEY is set and long enough: sessions are signed with it and outlive a restart.'
      : 'FASTBAND_SECRET_KEY is not set: sessions are signed with a key of this start, and end with it.',
  };
}

/** More than a home has but for one of years. The page asks again each minute. */
const MAX_EXAMINED = 10_000;

/** Modes say nothing on Windows, where the folder lies in the user's own profile. */
async function files({ home, uid }: SecurityFacts): Promise<SecurityCheck> {
  const check = { id: 'files' as const, claims: ['FS-9'] };
  if (uid === undefined) return { ...check, state: 'unknown' };
  const { open, unseen } = await examineModes(home);
  if (open.length > 0) {
    const more = open.length > 3 ? ` and ${open.length - 3} more` : '';
    return {
      ...check,
      state: 'warn',
      problem: `Others on this machine are let at ${open.slice(0, 3).join(', ')}${more}. Run: chmod -R go= '${home}'`,
    };
  }
  if (unseen === undefined) return { ...check, state: 'ok' };
  return { ...check, state: 'unknown', note: `Not everything could be looked at: ${unseen}.` };
}

/** What in a folder has a mode that lets others at it, and what could not be looked at. */
async function examineModes(home: string): Promise<{ open: string[]; unseen: string | undefined }> {
  const open: string[] = [];
  const waiting = [home];
  let unseen: string | undefined;
  for (let examined = 0; ; examined++) {
    const path = waiting.shift();
    if (path === undefined) return { open, unseen };
    if (examined === MAX_EXAMINED) return { open, unseen: `only the first ${MAX_EXAMINED} files were` };
    try {
      const found = await lstat(path);
      // A link's own mode says nothing.
      if (found.isSymbolicLink()) continue;
      if ((found.mode & 0o077) !== 0) open.push(path);
      if (found.isDirectory()) waiting.push(...(await readdir(path)).map((name) => join(path, name)));
    } catch (error) {
      // Files of a running host come and go; its folder does not.
      const gone = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (!gone || path === home) unseen = path;
    }
  }
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
