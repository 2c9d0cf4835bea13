import type { Ports } from '../ports.ts';
import { sha256 } from './panel-guard.ts';

const CODE_BYTES = 32;
const LIFE_MS = 10 * 60 * 1000;
const MAX_OPEN = 10;

/** Codes of one-time links: single use, ten minutes. Only hashes are kept, found by lookup of a hash. */
export class LoginCodes {
  readonly #clock: Pick<Ports['clock'], 'now'>;
  readonly #random: Ports['random'];
  readonly #open = new Map<string, number>();

  constructor(ports: { clock: Pick<Ports['clock'], 'now'>; random: Ports['random'] }) {
    this.#clock = ports.clock;
    this.#random = ports.random;
  }

  /** A new code. The oldest one goes when too many are open. */
  create(): { code: string; expires: number } {
    const code = Buffer.from(this.#random(CODE_BYTES)).toString('base64url');
    const expires = this.#clock.now() + LIFE_MS;
    this.#open.set(hashOf(code), expires);
    for (const [hash] of this.#open) {
      if (this.#open.size <= MAX_OPEN) break;
      this.#open.delete(hash);
    }
    return { code, expires };
  }

  /** Whether the code is good. It is not, the next time. */
  use(code: string): boolean {
    const hash = hashOf(code);
    const expires = this.#open.get(hash);
    this.#open.delete(hash);
    return expires !== undefined && this.#clock.now() < expires;
  }
}

function hashOf(code: string): string {
  return sha256(code).toString('base64url');
}
