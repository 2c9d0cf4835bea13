import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DEFAULT_SETTINGS, mergeSettings } from '../contract/settings.ts';
import { type App, composeApp } from './app.ts';
import { compilePolicy } from './core/policy.ts';
import { steadyClock } from './core/steady-clock.ts';
import { FakeClock, fakePorts } from './core/testing.ts';
import { RateLimiter } from './mcp/rate-limit.ts';
import { Budget } from './providers/budget.ts';
import { openTestStore } from './store/testing.ts';

const HOUR = 60 * 60 * 1000;
const WRITE = { tool: 'write_file', input: { path: 'a.txt', content: 'x' } };

/** An app on a folder that stays, so that another one can be opened after it, and a clock to set. */
function home() {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'fastband-clock-')));
  mkdirSync(join(folder, 'shop'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const clock = new FakeClock();
  const open = async (): Promise<App> => {
    const app = await composeApp(fakePorts(clock, { home: join(folder, 'home') }), { role: 'host' });
    onTestFinished(() => app.close());
    return app;
  };
  return { clock, open, shop: join(folder, 'shop') };
}

async function decision(app: App, client?: string): Promise<string> {
  return (await app.handle('rules.explain', { ...WRITE, ...(client === undefined ? {} : { client }) }))
    .decision;
}

describe('a clock that is set back makes nothing more permissive [FLT-4]', () => {
  test('what a rule allows for an hour is over after an hour, in this run and after the next start', async () => {
    const { clock, open, shop } = home();
    let app = await open();
    await app.handle('workspaces.add', { root: shop });
    await app.handle('rules.add', {
      effect: 'allow',
      match: { kind: 'write', paths: ['**'] },
      expires: clock.now() + HOUR,
    });
    await clock.advance(HOUR - 1);
    expect(await decision(app)).toBe('allow');
    clock.set(-5 * HOUR);
    expect(await decision(app)).toBe('allow');
    await clock.advance(1);
    expect(await decision(app)).toBe('ask');
    await app.close();
    clock.set(-HOUR);
    app = await open();
    await clock.advance(HOUR);
    expect(await decision(app)).toBe('ask');
  });

  test('nor does it help to stop the host first: the log tells how late it was', async () => {
    const { clock, open, shop } = home();
    let app = await open();
    await app.handle('workspaces.add', { root: shop });
    await app.handle('rules.add', {
      effect: 'allow',
      match: { kind: 'write', paths: ['**'] },
      expires: clock.now() + HOUR,
    });
    await clock.advance(2 * HOUR);
    await app.handle('settings.update', { limits: { callSeconds: 7 } });
    await app.close();
    clock.set(-24 * HOUR);
    app = await open();
    expect(await decision(app)).toBe('ask');
    // What is said now still counts for as long as it is said.
    await app.handle('rules.add', {
      effect: 'deny',
      match: { kind: 'write', paths: ['**'] },
      expires: clock.now() + HOUR,
    });
    expect(await decision(app)).toBe('deny');
  });

  test('times are whole milliseconds, as they are stored, and never go back', () => {
    const told: [wall: number, grown: number][] = [
      [1000, 0.25],
      [1000, 0.25],
      [400, 1.75],
      [400, 3.5],
      [2000, 4.125],
    ];
    let at = 0;
    const steady = steadyClock({
      now: () => told[at]?.[0] ?? 0,
      monotonic: () => told[at]?.[1] ?? 0,
      after: () => () => {},
    });
    const times = told.slice(1).map(() => {
      at++;
      return steady.now();
    });
    expect(times).toEqual([1000, 1001, 1003, 2000]);
  });

  test('a grant of an hour, given before or after', async () => {
    const clock = new FakeClock();
    const steady = steadyClock(clock);
    const grant = (expires: number) =>
      compilePolicy({
        rules: [],
        grants: [
          {
            id: 'g',
            clientId: 'k',
            clientName: 'One',
            match: { kind: 'write', paths: ['**'] },
            scope: 'hour',
            tool: 'write_file',
            toolHash: 'h',
            approvalId: 'a',
            createdAt: 0,
            expires,
          },
        ],
        toolHashes: new Map([['write_file', 'h']]),
      });
    const decide = (policy: ReturnType<typeof grant>) =>
      policy.decide([{ kind: 'write', workspace: 'shop', path: 'a', op: 'create' }], {
        clientId: 'k',
        clientName: 'One',
        now: clock.now(),
        steadyNow: steady.now(),
      }).decision;
    const before = grant(steady.now() + HOUR);
    await clock.advance(HOUR);
    clock.set(-3 * HOUR);
    expect(decide(before)).toBe('ask');
    const after = grant(steady.now() + HOUR);
    expect(decide(after)).toBe('allow');
    clock.set(-3 * HOUR);
    await clock.advance(HOUR);
    expect(decide(after)).toBe('ask');
  });

  test('a host that starts drops grants by the later of its clock and its log', () => {
    const { store, clock } = openTestStore();
    const { client } = store.clients.create('One');
    const expires = clock.now() + HOUR;
    store.grants.add({
      clientId: client.id,
      clientName: 'One',
      match: { kind: 'write', paths: ['**'] },
      scope: 'hour',
      tool: 'write_file',
      toolHash: 'h',
      approvalId: 'a',
      expires,
    });
    store.grants.clearSession();
    expect(store.grants.list()).toHaveLength(1);
    store.grants.clearSession(expires);
    expect(store.grants.list()).toEqual([]);
  });

  test('what a client has used of its day is not forgotten', () => {
    const clock = new FakeClock();
    const { store } = openTestStore();
    const settings = mergeSettings(DEFAULT_SETTINGS, { providers: { dailyTokens: 100 } });
    const budget = new Budget(
      store.spend,
      steadyClock(clock),
      () => settings,
      () => ({ dailyTokens: null, dailyCents: null }),
    );
    budget.reserve('k', 'm', { input: 60, output: 40 })({ input: 60, output: 40 });
    clock.set(-24 * HOUR);
    expect(() => budget.reserve('k', 'm', { input: 1, output: 1 })).toThrow(
      expect.objectContaining({ code: 'limit_reached' }),
    );
  });

  test('a rate is counted by time that only grows', () => {
    const clock = new FakeClock();
    const limiter = new RateLimiter(() => clock.monotonic());
    expect([limiter.take('k', 1), limiter.take('k', 1) > 0]).toEqual([0, true]);
    clock.set(-24 * HOUR);
    expect(limiter.take('k', 1)).toBeGreaterThan(0);
    clock.set(48 * HOUR);
    expect(limiter.take('k', 1)).toBeGreaterThan(0);
  });

  test('rows keep the time that the clock told, and their order', async () => {
    const { store, clock } = openTestStore();
    const fake = clock as FakeClock;
    const first = store.audit.append({ type: 'undo', actor: 'person', summary: 'first' });
    fake.set(-HOUR);
    const second = store.audit.append({ type: 'undo', actor: 'person', summary: 'second' });
    expect([second.seq - first.seq, second.at - first.at]).toEqual([1, -HOUR]);
    expect(store.audit.latestTime()).toBe(first.at);
    expect(await store.audit.verify()).toMatchObject({ ok: true });
    const { rows } = await store.audit.search({ limit: 2 });
    expect(rows.map(({ summary }) => summary)).toEqual(['second', 'first']);
  });
});
