import type { Client } from '@modelcontextprotocol/client';
import type { Host } from './host.ts';
import { contentFor, type Ledger } from './ledger.ts';

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A pause of the person, who looks at what waits some fifty times a second. */
const LOOK_MS = 20;
const MOST_RULES = 20;

/** What one round's load works with. */
export interface Load {
  readonly host: Host;
  readonly ledger: Ledger;
  readonly random: () => number;
  /** Names what this round alone makes. */
  readonly round: string;
  /** Whether the host is still meant to be there. */
  readonly going: () => boolean;
}

/** One client at work until the host is gone. @throws when it is answered what it must not be */
export async function work(
  client: Client,
  name: string,
  { ledger, random, round, going }: Load,
): Promise<void> {
  const call = (tool: string, args: Record<string, unknown>) =>
    client.callTool({ name: tool, arguments: args }, { timeout: 20_000 }).catch(() => undefined);
  for (let i = 0; going(); i++) {
    const draw = random();
    const own = `${round}-${name}-${i}.txt`;
    const size = Math.floor(random() * 2000);
    if (draw < 0.4) {
      const result = await call('read_file', { path: 'base.txt' });
      if (result === undefined) return;
      if (result.isError === true) throw new Error(`a read was refused: ${JSON.stringify(result.content)}`);
      ledger.calls.add(callIdOf(result));
    } else if (draw < 0.7) {
      const path = `free/${draw < 0.6 ? own : 'same.txt'}`;
      const content = contentFor(path, size);
      const result = await call('write_file', { path, content });
      if (result === undefined) return;
      // Two clients may write the same file at once: the second one is told that it changed.
      if (result.isError === true && path !== 'free/same.txt')
        throw new Error(`a write was refused: ${JSON.stringify(result.content)}`);
      if (result.isError === true) continue;
      ledger.calls.add(callIdOf(result));
      if (path !== 'free/same.txt') ledger.written.set(path, { callId: callIdOf(result), content });
    } else if (draw < 0.85) {
      const path = `locked/${own}`;
      const result = await call('write_file', { path, content: contentFor(path, 1) });
      if (result === undefined) return;
      if (result._meta?.['fastband/code'] !== 'denied_by_rule')
        throw new Error(`a write that a rule denies was answered ${JSON.stringify(result)}`);
      ledger.refused.add(path);
    } else {
      const path = `asked/${own}`;
      const content = contentFor(path, size);
      const result = await call('write_file', { path, content });
      if (result === undefined) return;
      if (result.isError === true) {
        ledger.refused.add(path);
        continue;
      }
      ledger.calls.add(callIdOf(result));
      ledger.written.set(path, { callId: callIdOf(result), content });
    }
  }
}

/** The person: answers what waits, and changes rules, grants, clients and settings. Until the host is gone. */
export async function decide({ host, ledger, random, round, going }: Load): Promise<void> {
  try {
    for (let i = 0; going(); i++) {
      for (const { id, effects } of await host.api('approvals.list', { status: 'waiting' })) {
        const draw = random();
        const allow = draw < 0.7;
        const path = effects.flatMap((effect) => (effect.kind === 'write' ? [effect.path] : []))[0] ?? '';
        const scope = draw < 0.2 ? 'once' : draw < 0.35 ? 'session' : draw < 0.5 ? 'hour' : 'always';
        await host.api(
          'approvals.decide',
          allow ? { id, decision: 'allow', scope } : { id, decision: 'deny' },
        );
        ledger.settled.add(id);
        if (!allow) ledger.forbidden.add(path);
      }
      const draw = random();
      if (draw < 0.3) {
        const { id } = await host.api('rules.add', {
          effect: draw < 0.1 ? 'deny' : 'ask',
          match: { kind: 'write', paths: [`churn/${round}-${i}/**`] },
        });
        ledger.rulesAdded.add(id);
      } else if (draw < 0.5) {
        const rules = await host.api('rules.list');
        const churned = rules.filter(({ match }) => JSON.stringify(match).includes('churn/'));
        const [oldest] = churned;
        if (oldest !== undefined && (churned.length > MOST_RULES || draw < 0.4)) {
          await host.api('rules.remove', { id: oldest.id });
          ledger.rulesRemoved.add(oldest.id);
        }
      } else if (draw < 0.6) {
        const grants = await host.api('grants.list');
        if (grants.length > MOST_RULES) for (const { id } of grants) await host.api('grants.revoke', { id });
      } else if (draw < 0.65) {
        const { client, token } = await host.api('clients.create', { name: `Guest ${round}-${i}` });
        await host.api('clients.revoke', { id: client.id });
        ledger.revoked.push(token);
      } else if (draw < 0.75) {
        await host.api('settings.update', { limits: { callSeconds: 100 + i } });
      } else if (draw < 0.8) {
        await host.api('audit.search', { text: 'base', limit: 10 });
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  } catch (error) {
    // The host is gone in the middle of a request. What it refused is another matter.
    if (error instanceof Error && 'code' in error && going()) throw error;
  }
}

function callIdOf(result: { readonly _meta?: Record<string, unknown> | undefined }): string {
  const id = result._meta?.['fastband/callId'];
  if (typeof id !== 'string') throw new Error(`an answer without its call: ${JSON.stringify(result)}`);
  return id;
}
