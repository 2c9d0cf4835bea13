import { randomBytes } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Log, Ports } from '../ports.ts';
import { sha256 } from './panel-guard.ts';
import type { Session } from './panel-session.ts';

/** `notBefore`: what was issued earlier is refused. `ended`: hashes of ids with the time until which they matter. */
const File = z.strictObject({ notBefore: z.number(), ended: z.record(z.string(), z.number()) });

/**
 * Which sessions were signed out before their time. Kept in `<home>/panel-signed-out.json` (hashes only, mode 0600),
 * since a session key from the environment makes cookies outlive a restart, and signing out must too.
 */
export class SignedOut {
  readonly #file: string;
  readonly #clock: Pick<Ports['clock'], 'now'>;
  readonly #ended: Map<string, number>;
  readonly #notBefore: number;
  #writing: Promise<void> = Promise.resolve();

  /** Where the file cannot be understood, nobody can say who had signed out: every earlier session is then refused. */
  static async load(options: {
    home: string;
    clock: Pick<Ports['clock'], 'now'>;
    log: Log;
  }): Promise<SignedOut> {
    const file = join(options.home, 'panel-signed-out.json');
    try {
      const { notBefore, ended } = File.parse(JSON.parse(await readFile(file, 'utf8')));
      return new SignedOut(file, options.clock, notBefore, new Map(Object.entries(ended)));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
        return new SignedOut(file, options.clock, 0, new Map());
      options.log.warn(
        { file },
        'the list of signed-out sessions cannot be read: browsers must log in again',
      );
      return new SignedOut(file, options.clock, options.clock.now(), new Map());
    }
  }

  private constructor(
    file: string,
    clock: Pick<Ports['clock'], 'now'>,
    notBefore: number,
    ended: Map<string, number>,
  ) {
    this.#file = file;
    this.#clock = clock;
    this.#notBefore = notBefore;
    this.#ended = ended;
  }

  has(session: Session): boolean {
    return session.issued < this.#notBefore || this.#ended.has(nameOf(session));
  }

  /** In force at once; resolves when it is on disk. */
  add(session: Session): Promise<void> {
    this.#ended.set(nameOf(session), session.expires);
    this.#writing = this.#writing.catch(() => {}).then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    for (const [name, until] of this.#ended) if (until <= this.#clock.now()) this.#ended.delete(name);
    const temporary = `${this.#file}.${randomBytes(6).toString('hex')}.tmp`;
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(
        JSON.stringify({ notBefore: this.#notBefore, ended: Object.fromEntries(this.#ended) }),
      );
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.#file);
  }
}

function nameOf(session: Session): string {
  return sha256(session.id).toString('base64url');
}
