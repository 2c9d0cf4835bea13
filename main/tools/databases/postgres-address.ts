import { isIP } from 'node:net';
import { FastbandError } from '../../core/errors.ts';
import { plainHost } from '../../guard/url.ts';
import { type PlannedServer, POSTGRES_PORT } from './source.ts';

/** What a secret says about a connection. */
export interface PostgresAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** `must`: encrypted, with a certificate that is checked. `unless-local`: so, unless it is this machine. */
  readonly encryption: 'must' | 'unless-local' | 'none';
}

const MODES: Readonly<Record<string, PostgresAddress['encryption']>> = {
  disable: 'none',
  allow: 'unless-local',
  prefer: 'unless-local',
  require: 'must',
  'verify-ca': 'must',
  'verify-full': 'must',
};

/**
 * Reads a connection URL. Stricter than other programs are: parameters that would read files, name other hosts or weaken
 * the check of a certificate are refused, and no message repeats what the URL says.
 *
 * @throws FastbandError `invalid_input` for what is no such URL; `url_refused` for another place than was approved
 */
export function addressOf(value: string, { secret, host, port }: PlannedServer): PostgresAddress {
  const wrong = (what: string) =>
    new FastbandError(
      'invalid_input',
      `The secret ${secret.replace(/^secret:/, '')} ${what}. A person can put in another value in Fastband, Keys: postgres://user:password@host:5432/database.`,
    );
  const url = URL.parse(value);
  if (url === null || !/^postgres(?:ql)?:$/.test(url.protocol))
    throw wrong('is no URL of a PostgreSQL database');
  const mode = url.searchParams.get('sslmode') ?? 'prefer';
  const encryption = Object.hasOwn(MODES, mode) ? MODES[mode] : undefined;
  if (encryption === undefined) throw wrong('has an sslmode that is not known');
  const more = [...url.searchParams.keys()].filter(
    (name) => name !== 'sslmode' && name !== 'application_name',
  );
  if (more.length > 0) throw wrong('has parameters other than sslmode, which are not taken');
  const user = plain(url.username);
  const password = plain(url.password);
  const database = plain(url.pathname.replace(/^\//, ''));
  if (user === undefined || password === undefined || database === undefined)
    throw wrong('has a % in it that is not part of an escape');
  if (user === '') throw wrong('names no user');
  const target = { host: plainHost(url.hostname), port: url.port === '' ? POSTGRES_PORT : Number(url.port) };
  if (target.host !== plainHost(host) || target.port !== port)
    throw new FastbandError(
      'url_refused',
      `The secret ${secret.replace(/^secret:/, '')} leads to another server than it may be sent to, ${host}:${port}. A person sets its host in Fastband, Keys.`,
    );
  return { ...target, user, password, database: database === '' ? user : database, encryption };
}

/** @param remote - the address that was dialled. Nobody is on the way to this machine itself. */
export function mustEncrypt({ encryption }: Pick<PostgresAddress, 'encryption'>, remote: string): boolean {
  const local = isIP(remote) === 4 ? remote.startsWith('127.') : /^(?:::1|::ffff:127\.[\d.]+)$/.test(remote);
  return encryption === 'must' || (encryption === 'unless-local' && !local);
}

function plain(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
