import type { Effect } from '../../../contract/effects.ts';
import { FastbandError } from '../../core/errors.ts';
import type { PlanContext } from '../../core/tool.ts';
import type { Net } from '../../guard/net.ts';
import type { Keys } from '../../vault/keys.ts';
import { type PlannedFile, planFile } from './file.ts';

/** A database on a server, as far as it is known without its secret. */
export interface PlannedServer {
  readonly kind: 'server';
  /** `pg:NAME`, as a caller writes it. */
  readonly name: string;
  /** The secret that holds the connection's URL. */
  readonly secret: string;
  /** Where the secret may be sent to, and where the connection goes. */
  readonly host: string;
  readonly port: number;
}

export interface SourceServices {
  readonly net: Net;
  readonly keys: Keys;
}

export type Source = PlannedFile | PlannedServer;

/** Where PostgreSQL listens unless it is told otherwise. */
export const POSTGRES_PORT = 5432;

/**
 * What a caller means by a database: a SQLite file in a workspace, or `pg:NAME`.
 *
 * @throws FastbandError as `planFile` does; `key_missing`, `url_refused`, `invalid_input` for a server
 */
export async function planSource(
  context: PlanContext,
  { net, keys }: SourceServices,
  database: string,
  intent: 'read' | 'write',
): Promise<Source> {
  const name = /^pg:(.*)$/s.exec(database)?.[1];
  if (name === undefined) return planFile(context, database, intent);
  if (!/^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(name))
    throw new FastbandError('invalid_input', 'A database on a server is pg: and the name of its secret.');
  const info = await keys.info(`secret:${name}`);
  if (info === undefined)
    throw new FastbandError(
      'key_missing',
      `There is no secret ${name}. A person adds it in Fastband, Keys: a URL such as postgres://user:password@host:5432/database.`,
    );
  const place = serverOf(info.hosts);
  if (place === undefined)
    throw new FastbandError(
      'url_refused',
      `The secret ${name} may not be sent to a database. A person sets its one host in Fastband, Keys: such as db.example.com:5432.`,
    );
  // What can be refused without looking the name up is refused before anybody is asked.
  net.parse(`https://${place.host}:${place.port}/`);
  return { kind: 'server', name: database, secret: `secret:${name}`, ...place };
}

/** The one place, with its port, that a secret with such hosts may be sent to; undefined where it is not just one. */
export function serverOf(hosts: readonly string[]): { host: string; port: number } | undefined {
  const [only, ...more] = hosts;
  const [, host = '', port] = /^([^:*]+):(\d{1,5})$/.exec(only ?? '') ?? [];
  return more.length > 0 || host === '' ? undefined : { host: host.toLowerCase(), port: Number(port) };
}

/** Whoever asks a database reads its file, so rules about reading the file count too. */
export function askingEffects(source: Source): Effect[] {
  if (source.kind === 'server') return serverEffects(source, 'read');
  const { workspace, relative } = source;
  return [
    { kind: 'read', workspace, path: relative },
    { kind: 'query', workspace, database: relative, access: 'read' },
  ];
}

/** Whoever changes a database changes its file. */
export function changingEffects(source: Source): Effect[] {
  if (source.kind === 'server') return serverEffects(source, 'write');
  const { workspace, relative } = source;
  return [
    { kind: 'write', workspace, path: relative, op: 'modify' },
    { kind: 'query', workspace, database: relative, access: 'write' },
  ];
}

function serverEffects({ name, secret, host, port }: PlannedServer, access: 'read' | 'write'): Effect[] {
  return [
    { kind: 'query', database: name, access },
    { kind: 'net', method: 'CONNECT', host, port, url: `postgres://${host}:${port}/` },
    { kind: 'secret', provider: secret },
  ];
}
