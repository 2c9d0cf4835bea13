import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FaultStage } from './fault-stage.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SETTABLE = pathToFileURL(join(import.meta.dirname, 'settable-clock.ts')).href;

/** A running host, whose clock is set while it works. Each is held to what holds after every fault, in `afterwards`. */
describe('a clock that is set while the host runs', () => {
  let stage: FaultStage;
  let clock: string;
  beforeEach(async () => {
    stage = new FaultStage();
    clock = join(stage.box.folder, 'clock');
    set(0);
    await stage.begin({ NODE_OPTIONS: `--import ${SETTABLE}`, TEST_CLOCK: clock });
  });
  afterEach(() => stage.close());

  /** Sets the host's clock, as far from the true time as that. Whole: it is read at every look. */
  function set(off: number): void {
    writeFileSync(`${clock}.new`, String(off));
    renameSync(`${clock}.new`, clock);
  }

  const write = (path: string) => stage.call('write_file', { path, content: 'x' });

  /** How a write would be decided now, for a client that no grant names. */
  async function decision(path: string): Promise<string> {
    const question = { tool: 'write_file', input: { path, content: 'x' } };
    return (await stage.host.api('rules.explain', question)).decision;
  }

  it('is the one that the host goes by', async () => {
    const off = () => stage.host.api('clients.list').then((all) => (all[0]?.lastSeenAt ?? 0) - Date.now());
    await stage.call('read_file', { path: 'base.txt' });
    expect(Math.abs(await off())).toBeLessThan(MINUTE);
    set(DAY);
    await stage.call('read_file', { path: 'base.txt' });
    await expect.poll(off).toBeGreaterThan(DAY - MINUTE);
  });

  it.each([
    ['back by a day', -DAY],
    ['back by a minute', -MINUTE],
    ['before there were computers', -100 * 365 * DAY],
  ])('%s: what was allowed for three seconds ends after three seconds [FLT-4]', async (_, off) => {
    await stage.host.api('rules.add', {
      effect: 'allow',
      match: { kind: 'write', paths: ['soon/**'] },
      expires: Date.now() + 3000,
    });
    expect(await decision('soon/a.txt')).toBe('allow');
    set(off);
    await sleep(3100);
    expect(await decision('soon/a.txt')).toBe('ask');
    set(0);
    expect(await decision('soon/a.txt')).toBe('ask');
    await stage.work();
    await stage.afterwards();
  });

  it('forward and back again: an hour that was over stays over [FLT-4]', async () => {
    writeFileSync(join(stage.box.workspace, 'granted.txt'), 'old');
    const call = write('granted.txt');
    await stage.host.allow({ scope: 'hour' });
    expect((await call).isError).toBeFalsy();
    // Not asked again within the hour.
    set(50 * MINUTE);
    expect((await write('granted.txt')).isError).toBeFalsy();
    for (const off of [2 * HOUR, 0, -DAY]) {
      set(off);
      const asked = write('granted.txt');
      await stage.host.api('approvals.decide', { id: (await stage.host.waiting()).id, decision: 'deny' });
      expect([off, (await asked)._meta]).toMatchObject([off, { 'fastband/code': 'denied_by_person' }]);
    }
    await stage.afterwards();
  });

  it.each([
    ['back', -DAY],
    ['forward', DAY],
  ])('%s: a question waits as long as it would have [FLT-4]', async (_, off) => {
    await stage.host.api('settings.update', { approvals: { timeoutSeconds: 3 } });
    const began = performance.now();
    const asked = write('slow.txt');
    await stage.host.waiting();
    set(off);
    await sleep(1000);
    expect(await stage.host.api('approvals.list', { status: 'waiting' })).toHaveLength(1);
    expect((await asked)._meta).toMatchObject({ 'fastband/code': 'approval_timeout' });
    expect(performance.now() - began).toBeGreaterThan(2900);
    expect(performance.now() - began).toBeLessThan(20_000);
    await stage.afterwards();
  });

  it('back: a link to log in that was used or is late opens nothing [FLT-4]', async () => {
    const used = await stage.host.loginLink();
    // Signals within a second are taken for one.
    await sleep(1100);
    const late = await stage.host.loginLink();
    const open = (link: string) =>
      fetch(link, { redirect: 'manual' }).then(({ headers }) => headers.has('set-cookie'));
    expect(await open(used)).toBe(true);
    set(HOUR);
    expect(await open(late)).toBe(false);
    for (const off of [0, -HOUR]) {
      set(off);
      expect([off, await open(used), await open(late)]).toEqual([off, false, false]);
    }
    await stage.afterwards();
  });

  it('back: the limit of calls a minute holds [FLT-4]', async () => {
    await stage.host.api('settings.update', { limits: { callsPerMinute: 10 } });
    const answers: string[] = [];
    for (let i = 0; i < 30; i++) {
      set(-i * HOUR);
      const answer = stage.call('read_file', { path: 'base.txt' });
      answers.push(await answer.then(() => 'read', String));
    }
    expect(answers.filter((answer) => answer.includes('Too many requests')).length).toBeGreaterThan(15);
    set(0);
    await stage.host.api('settings.update', { limits: { callsPerMinute: 0 } });
    await stage.afterwards();
  });
});
