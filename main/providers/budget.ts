import type { ModelLimits } from '../../contract/entities.ts';
import type { Settings } from '../../contract/settings.ts';
import { FastbandError } from '../core/errors.ts';
import type { Clock } from '../ports.ts';
import type { Spend } from '../store/spend.ts';
import type { Usage } from './provider.ts';

export interface SpendLog {
  of(day: string, clientId: string): Spend;
  list(day: string): readonly Spend[];
  add(day: string, clientId: string, tokens: number, microcents: number): void;
}

/** US cents for a million tokens. */
export interface Price {
  readonly input: number;
  readonly output: number;
}

/** Keeps each client within what a person lets it use in a day. Days end at midnight UTC. */
export class Budget {
  readonly #spend: SpendLog;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #settings: () => Settings;
  readonly #own: (clientId: string) => ModelLimits;
  /** What calls under way may still use, so that two at once cannot pass the limit together. */
  readonly #reserved = new Map<string, { tokens: number; microcents: number }>();

  /**
   * @param clock - one that does not go back: yesterday would not know what was used today
   * @param own - what a person set for one client alone
   */
  constructor(
    spend: SpendLog,
    clock: Pick<Clock, 'now'>,
    settings: () => Settings,
    own: (clientId: string) => ModelLimits,
  ) {
    this.#spend = spend;
    this.#clock = clock;
    this.#settings = settings;
    this.#own = own;
  }

  /** What a model costs, as a person wrote it into the settings; undefined when they did not. */
  priceOf(model: string): Price | undefined {
    for (const entry of this.#settings().providers.prices) {
      const [name, input, output] = entry.split(/[=/]/);
      if (name === model) return { input: Number(input) * 100, output: Number(output) * 100 };
    }
    return undefined;
  }

  /**
   * Sets the most that a call may use aside.
   *
   * @returns to be called once with what it did use
   * @throws FastbandError `limit_reached`
   */
  reserve(clientId: string, model: string, most: Usage): (used: Usage) => void {
    const general = this.#settings().providers;
    const own = this.#own(clientId);
    const dailyTokens = own.dailyTokens ?? general.dailyTokens;
    const dailyCents = own.dailyCents ?? general.dailyCents;
    const price = this.priceOf(model);
    const tokens = most.input + most.output;
    const microcents = costOf(most, price);
    const day = this.#today();
    const spent = this.#spend.of(day, clientId);
    const held = this.#reserved.get(clientId) ?? { tokens: 0, microcents: 0 };
    if (dailyTokens > 0 && spent.tokens + held.tokens + tokens > dailyTokens)
      throw limit(
        `${dailyTokens} tokens`,
        `${spent.tokens + held.tokens} are used or set aside, and this call may need ${tokens}`,
      );
    if (dailyCents > 0) {
      if (price === undefined)
        throw limit(
          `${dailyCents} cents`,
          `what ${model} costs is not known. A person can say so in the settings (providers.prices)`,
        );
      if (spent.microcents + held.microcents + microcents > dailyCents * 1e6)
        throw limit(`${dailyCents} cents`, 'this call might pass it');
    }
    this.#reserved.set(clientId, { tokens: held.tokens + tokens, microcents: held.microcents + microcents });
    let open = true;
    return (used) => {
      if (!open) return;
      open = false;
      const now = this.#reserved.get(clientId) ?? { tokens, microcents };
      this.#reserved.set(clientId, { tokens: now.tokens - tokens, microcents: now.microcents - microcents });
      // It belongs to the day on which it ended.
      if (used.input + used.output > 0)
        this.#spend.add(this.#today(), clientId, used.input + used.output, costOf(used, price));
    };
  }

  today(): readonly Spend[] {
    return this.#spend.list(this.#today());
  }

  #today(): string {
    return new Date(this.#clock.now()).toISOString().slice(0, 10);
  }
}

/** Millionths of a US cent. */
export function costOf({ input, output }: Usage, price: Price | undefined): number {
  return price === undefined ? 0 : Math.ceil(input * price.input + output * price.output);
}

function limit(most: string, why: string): FastbandError {
  return new FastbandError(
    'limit_reached',
    `This client may use ${most} of AI models in a day, and ${why}. A person can change the limit in Fastband (Clients, or the settings), or it begins anew at midnight UTC.`,
  );
}
