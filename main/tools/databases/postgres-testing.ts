import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

/** Where PostgreSQL's programs are; undefined where it is not installed. */
export const POSTGRES_BIN = findBin();

function findBin(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const folders = [
    ...(existsSync(debian) ? readdirSync(debian).map((version) => join(debian, version, 'bin')) : []),
    ...(process.env.PATH ?? '').split(':'),
  ];
  return folders.find((one) => existsSync(join(one, 'initdb')) && existsSync(join(one, 'postgres')));
}

/** A server of a test's own on 127.0.0.1, with a password for everybody, gone afterwards. */
export class TestPostgres {
  readonly port: number;
  readonly #folder: string;
  readonly #child: ChildProcess;

  private constructor(port: number, folder: string, child: ChildProcess) {
    this.port = port;
    this.#folder = folder;
    this.#child = child;
  }

  /** @param config - lines for postgresql.conf; `files` are put beside it, readable by the server alone */
  static async start(
    config: readonly string[] = [],
    files: Readonly<Record<string, string>> = {},
  ): Promise<TestPostgres> {
    const bin = POSTGRES_BIN;
    if (bin === undefined) throw new Error('PostgreSQL is not installed');
    const folder = mkdtempSync(join(tmpdir(), 'fastband-pg-'));
    // PostgreSQL refuses to run as root.
    const as = process.getuid?.() === 0 ? unprivileged() : undefined;
    if (as !== undefined) chownSync(folder, as.uid, as.gid);
    const data = join(folder, 'data');
    const password = join(folder, 'password');
    writeFileSync(password, 'admin-password\n', { mode: 0o644 });
    execFileSync(
      join(bin, 'initdb'),
      ['-D', data, '-U', 'admin', '-A', 'scram-sha-256', `--pwfile=${password}`, '-E', 'UTF8', '--no-sync'],
      { ...as, stdio: 'ignore', cwd: folder, env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' } },
    );
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(data, name), text, { mode: 0o600 });
      if (as !== undefined) chownSync(join(data, name), as.uid, as.gid);
    }
    const port = await freePort();
    const settings = [
      'fsync=off',
      'listen_addresses=127.0.0.1',
      `unix_socket_directories=${folder}`,
      ...config,
    ];
    const child = spawn(
      join(bin, 'postgres'),
      ['-D', data, '-p', String(port), ...settings.flatMap((one) => ['-c', one])],
      { ...as, stdio: 'ignore', cwd: folder, env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' } },
    );
    const server = new TestPostgres(port, folder, child);
    for (let tries = 0; ; tries++) {
      try {
        await server.sql('SELECT 1');
        return server;
      } catch (error) {
        if (tries > 100 || child.exitCode !== null) throw error;
        await sleep(50);
      }
    }
  }

  url(user: string, password: string, database = 'postgres', query = ''): string {
    return `postgres://${user}:${password}@127.0.0.1:${this.port}/${database}${query}`;
  }

  /** Runs SQL as the server's owner. @returns the last statement's rows */
  async sql(text: string, database = 'postgres'): Promise<Record<string, unknown>[]> {
    const client = new Client({ connectionString: this.url('admin', 'admin-password', database) });
    client.on('error', () => {});
    await client.connect();
    try {
      const result = await client.query(text);
      const last = Array.isArray(result) ? result.at(-1) : result;
      return (last as { rows: Record<string, unknown>[] }).rows;
    } finally {
      await client.end();
    }
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    if (this.#child.exitCode === null) {
      this.#child.kill('SIGINT');
      await Promise.race([ended, sleep(5000).then(() => this.#child.kill('SIGKILL'))]);
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function unprivileged(): { uid: number; gid: number } {
  const id = (flag: string, name: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  try {
    return { uid: id('-u', 'postgres'), gid: id('-g', 'postgres') };
  } catch {
    return { uid: id('-u', 'nobody'), gid: id('-g', 'nobody') };
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
