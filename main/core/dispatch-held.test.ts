import { describe, expect, it } from 'vitest';
import type { Effect } from '../../contract/effects.ts';
import { previewTitle } from '../../contract/sentences.ts';
import { MAX_HELD_PER_CLIENT } from './approvals.ts';
import { AT_ONCE } from './dispatch.ts';
import { exactMatch } from './match.ts';
import { Bench, fakeTool, settle } from './testing.ts';

const read: Effect = { kind: 'read', workspace: 'shop', path: 'a.ts' };
const write: Effect = { kind: 'write', workspace: 'shop', path: 'a.ts', op: 'modify' };

/** A tool whose runs last until they are told to end. */
function lasting(effects: readonly Effect[]) {
  const running: (() => void)[] = [];
  let most = 0;
  const tool = fakeTool('lasting', effects, (_plan, { signal }) => {
    return new Promise((resolve, reject) => {
      const end = () => {
        running.splice(running.indexOf(end), 1);
        resolve({ output: { ok: true }, summary: 'done' });
      };
      running.push(end);
      most = Math.max(most, running.length);
      signal.addEventListener('abort', () => {
        running.splice(running.indexOf(end), 1);
        reject(signal.reason);
      });
    });
  });
  return { tool, running, most: () => most };
}

describe('many calls of one client at once [ACC-13]', () => {
  it('are run a few at a time, each once', async () => {
    const { tool, running, most } = lasting([read]);
    const bench = new Bench([tool]);
    const calls = Array.from({ length: 3 * AT_ONCE }, (_, n) => bench.call('lasting', { n }));
    for (let ended = 0; ended < calls.length; ) {
      await settle();
      expect(running.length).toBeGreaterThan(0);
      for (const end of [...running]) {
        end();
        ended++;
      }
    }
    expect((await Promise.all(calls.map(({ outcome }) => outcome))).every(({ ok }) => ok)).toBe(true);
    expect(most()).toBe(AT_ONCE);
    expect(bench.types()).toHaveLength(calls.length);
  });

  it('those in line that are cancelled, or whose client is revoked, never run, and leave their row [ACC-5 CALL-7]', async () => {
    const { tool, running, most } = lasting([read]);
    const bench = new Bench([tool]);
    for (let n = 0; n < AT_ONCE; n++) bench.call('lasting', { n });
    await settle();
    const cancelled = bench.call('lasting', { n: 1000 });
    const revoked = bench.call('lasting', { n: 1001 });
    await settle();
    cancelled.cancel();
    expect(await cancelled.outcome).toMatchObject({ code: 'cancelled' });
    // Ending those that run frees their turns at once, before the connection is cut.
    bench.revoked.add('k1');
    bench.dispatcher.policyChanged();
    expect(await revoked.outcome).toMatchObject({ code: 'client_revoked' });
    await settle();
    expect([running.length, most()]).toEqual([0, AT_ONCE]);
    const refused = bench.rows.filter(({ type }) => type === 'call.refused');
    expect(refused.map(({ outcome }) => outcome)).toEqual(['cancelled', 'denied']);
  });

  it('those in line when Fastband is stopped never run [CALL-3]', async () => {
    const { tool, running } = lasting([read]);
    const bench = new Bench([tool]);
    for (let n = 0; n < AT_ONCE; n++) bench.call('lasting', { n });
    await settle();
    const waiting = bench.call('lasting', { n: 1000 });
    await settle();
    const stopped = bench.dispatcher.stop();
    expect(await waiting.outcome).toMatchObject({ code: 'server_stopped' });
    await bench.clock.advance(2000);
    await stopped;
    expect(running).toEqual([]);
  });

  it('one that a person allowed and that is in line runs once for all who joined it, and by the rules of then [CALL-4]', async () => {
    const { tool, running } = lasting([read]);
    let runs = 0;
    const asked = fakeTool('asked', [write], () => {
      runs++;
      return { output: { ok: true }, summary: 'done' };
    });
    const bench = new Bench([tool, asked]);
    const joined = [bench.call('asked'), bench.call('asked')];
    await settle();
    for (let n = 0; n < AT_ONCE; n++) bench.call('lasting', { n });
    await settle();
    const [first] = bench.approvals.list('waiting', 10);
    bench.approvals.decide({ id: first?.id ?? '', decision: 'allow', scope: 'once' });
    await settle();
    expect([running.length, runs]).toEqual([AT_ONCE, 0]);
    for (const end of [...running]) end();
    for (const { outcome } of joined) expect(await outcome).toMatchObject({ ok: true });
    expect(runs).toBe(1);

    const second = bench.call('asked', { n: 2 });
    await settle();
    for (let n = 0; n < AT_ONCE; n++) bench.call('lasting', { n });
    await settle();
    const [next] = bench.approvals.list('waiting', 10);
    bench.approvals.decide({ id: next?.id ?? '', decision: 'allow', scope: 'once' });
    await settle();
    bench.rules.push({ id: 'd', effect: 'deny', match: exactMatch(write), createdAt: 0, source: 'person' });
    for (const end of [...running]) end();
    expect(await second.outcome).toMatchObject({ code: 'denied_by_rule' });
    expect(runs).toBe(1);
  });
});

describe('what waits for a person [CALL-6]', () => {
  const text = (size: number, mark: string) => mark.padEnd(size, '.');

  it('is bounded by its size too, for each client, retries counted', async () => {
    const bench = new Bench([fakeTool('asked', [write])]);
    // A plan holds its text as input and as data.
    const quarter = MAX_HELD_PER_CLIENT / 8 - 1000;
    const same = Array.from({ length: 4 }, () => bench.call('asked', { text: text(quarter, 'a') }));
    await settle();
    expect(bench.approvals.list('waiting', 10)).toHaveLength(1);
    for (const mark of ['a', 'b'])
      expect(await bench.call('asked', { text: text(quarter, mark) }).outcome).toMatchObject({
        code: 'too_many_approvals',
      });
    same[0]?.cancel();
    await same[0]?.outcome;
    bench.call('asked', { text: text(quarter, 'b') });
    await settle();
    expect(bench.approvals.list('waiting', 10)).toHaveLength(2);
  });

  it('is nothing of a client that went away before the question was ready [CALL-7]', async () => {
    const asked = fakeTool('asked', [write]);
    let ready = () => {};
    const plan: typeof asked.plan = (input) => ({
      effects: [write],
      data: { input },
      preview: async () => {
        await new Promise<void>((resolve) => {
          ready = resolve;
        });
        return { previews: [], warnings: [] };
      },
    });
    const bench = new Bench([{ ...asked, plan }]);
    const call = bench.call('asked');
    await settle();
    call.cancel();
    ready();
    expect(await call.outcome).toMatchObject({ code: 'cancelled' });
    expect(bench.approvals.list(undefined, 10)).toEqual([]);
    expect(bench.types()).toEqual(['call.refused']);
  });

  it('may be one call as large as calls can be', async () => {
    const bench = new Bench([fakeTool('asked', [write])]);
    bench.call('asked', { text: text(MAX_HELD_PER_CLIENT, 'a') });
    await settle();
    expect(bench.approvals.list('waiting', 10)).toHaveLength(1);
    expect(await bench.call('asked', { n: 1 }).outcome).toMatchObject({ code: 'too_many_approvals' });
  });

  it('is remembered once it is settled, as far as there is room', async () => {
    const asked = fakeTool('asked', [write]);
    const preview = {
      kind: 'text' as const,
      title: previewTitle('prompt'),
      text: 'x'.repeat(2 * 1024 * 1024),
      omitted: 0,
    };
    const plan: typeof asked.plan = (input) => ({
      effects: [write],
      data: { input },
      preview: () => ({ previews: [preview], warnings: [] }),
    });
    const bench = new Bench([{ ...asked, plan }]);
    for (let n = 0; n < 12; n++) {
      const call = bench.call('asked', { n });
      await settle();
      const [waiting] = bench.approvals.list('waiting', 10);
      bench.approvals.decide({ id: waiting?.id ?? '', decision: 'deny', scope: 'once' });
      expect(await call.outcome).toMatchObject({ code: 'denied_by_person' });
      const kept = bench.approvals.list(undefined, 1000);
      expect(kept[0]?.id).toBe(waiting?.id);
      expect(JSON.stringify(kept).length).toBeLessThan(32 * 1024 * 1024);
    }
  });
});
