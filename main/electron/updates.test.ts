import { beforeEach, describe, expect, it } from 'vitest';
import type { UpdateState } from '../../contract/desktop.ts';
import { FakeClock, settle, silentLog } from '../core/testing.ts';
import { type Found, type Updater, Updates } from './updates.ts';

const HOUR = 60 * 60 * 1000;

let clock: FakeClock;
let settings: { automatic: boolean; channel: 'latest' | 'beta' };
let looks: string[];
let next: () => Promise<Found | undefined>;
let done: string[];
let phases: string[];
let agrees: boolean;
let leaves: boolean;
let fail: ((error: unknown) => void) | undefined;

beforeEach(() => {
  clock = new FakeClock();
  settings = { automatic: true, channel: 'latest' };
  looks = [];
  next = async () => undefined;
  done = [];
  phases = [];
  agrees = true;
  leaves = true;
  fail = undefined;
});

const updater: Updater = {
  check: (channel) => {
    looks.push(channel);
    return next();
  },
  install: (failed) => {
    done.push('install');
    fail = failed;
  },
};

async function started(open: () => Promise<Updater | 'sources' | 'noFeed'> = async () => updater) {
  const updates = new Updates({
    open,
    settings: () => settings,
    clock,
    log: silentLog,
    changed: ({ phase }: UpdateState) => phases.push(phase),
    confirm: async (version) => {
      done.push(`ask ${version}`);
      return agrees;
    },
    leave: async () => {
      done.push('leave');
      return leaves;
    },
    comeBack: () => void done.push('come back'),
  });
  await updates.start();
  return updates;
}

/** A newer version whose download goes as the test says. */
function found(version = '2.0.0') {
  let progress = (_percent: number) => {};
  let resolve = () => {};
  let reject = (_error: Error) => {};
  let cancelled = false;
  next = async () => ({
    version,
    download: (told) => {
      progress = told;
      return new Promise<void>((yes, no) => {
        resolve = yes;
        reject = no;
      });
    },
    cancel: () => {
      cancelled = true;
    },
  });
  return {
    progress: (percent: number) => progress(percent),
    arrive: async () => {
      resolve();
      await settle();
    },
    break: async (error: Error) => {
      reject(error);
      await settle();
    },
    cancelled: () => cancelled,
  };
}

async function ready(): Promise<Updates> {
  const { arrive } = found();
  const updates = await started();
  void updates.check();
  await settle();
  await arrive();
  expect(updates.state).toEqual({ phase: 'ready', version: '2.0.0' });
  return updates;
}

describe('without a place to look [APP-9]', () => {
  it.each(['sources', 'noFeed'] as const)(
    '(%s) nothing is ever looked for, and the state says why',
    async (why) => {
      const updates = await started(async () => why);
      await clock.advance(48 * HOUR);
      await updates.check();
      updates.settingsChanged();
      await updates.install();
      expect([updates.state, updates.available, looks, done]).toEqual([{ phase: 'off', why }, false, [], []]);
    },
  );

  it('an updater that cannot be opened is none', async () => {
    const updates = await started(() => Promise.reject(new Error('no')));
    expect(updates.state).toEqual({ phase: 'off', why: 'noFeed' });
  });
});

describe('looking', () => {
  it('happens soon after the start, and then daily', async () => {
    const updates = await started();
    expect(looks).toEqual([]);
    await clock.advance(10_000);
    expect(looks).toEqual(['latest']);
    expect(updates.state).toEqual({ phase: 'current', checkedAt: clock.now() });
    await clock.advance(23 * HOUR);
    expect(looks).toHaveLength(1);
    await clock.advance(HOUR);
    expect(looks).toHaveLength(2);
  });

  it('does not happen by itself when that is switched off, and does when asked', async () => {
    settings = { ...settings, automatic: false };
    const updates = await started();
    await clock.advance(48 * HOUR);
    expect(looks).toEqual([]);
    await updates.check();
    expect(looks).toEqual(['latest']);
  });

  it('happens at once when it is switched on again', async () => {
    settings = { ...settings, automatic: false };
    const updates = await started();
    settings = { ...settings, automatic: true };
    updates.settingsChanged();
    expect(looks).toEqual(['latest']);
  });

  it('happens once at a time', async () => {
    const { arrive } = found();
    const updates = await started();
    void updates.check();
    await updates.check();
    await settle();
    await updates.check();
    await arrive();
    await updates.check();
    expect(looks).toHaveLength(1);
  });

  it('that fails says why in one plain line, and is tried again the next day', async () => {
    next = () =>
      Promise.reject(new Error('net::ERR_NAME_NOT_RESOLVED\u202E\n<html>a whole page</html>\n    at x.js'));
    const updates = await started();
    await clock.advance(10_000);
    expect(updates.state).toMatchObject({ phase: 'failed', checkedAt: clock.now() });
    expect(updates.state).toHaveProperty(
      'message',
      expect.stringMatching(/^net::ERR_NAME_NOT_RESOLVED⟦\w+⟧$/),
    );
    next = async () => undefined;
    await clock.advance(25 * HOUR);
    expect(updates.state.phase).toBe('current');
  });
});

describe('fetching', () => {
  it('shows how far it is, then waits for the person', async () => {
    const { progress, arrive } = found();
    const updates = await started();
    void updates.check();
    await settle();
    expect(updates.state).toEqual({ phase: 'loading', version: '2.0.0', percent: 0 });
    progress(41.7);
    expect(updates.state).toMatchObject({ percent: 42 });
    progress(4000);
    expect(updates.state).toMatchObject({ percent: 100 });
    await arrive();
    expect(phases).toEqual(['current', 'checking', 'loading', 'ready']);
    await clock.advance(72 * HOUR);
    expect([updates.state.phase, done]).toEqual(['ready', []]);
  });

  it('can be cancelled, and what comes after that counts no more', async () => {
    const { progress, arrive, cancelled } = found();
    const updates = await started();
    void updates.check();
    await settle();
    updates.cancel();
    progress(50);
    await arrive();
    expect([cancelled(), updates.state]).toEqual([true, { phase: 'current' }]);
  });

  it('that breaks, or whose signature is wrong, leaves nothing to install', async () => {
    const { break: breaks } = found();
    const updates = await started();
    void updates.check();
    await settle();
    await breaks(new Error('New version 2.0.0 is not signed by the application owner'));
    expect(updates.state).toMatchObject({ phase: 'failed', message: expect.stringContaining('not signed') });
    await updates.install();
    expect(done).toEqual([]);
  });

  it('from one channel is let go when another is chosen', async () => {
    const updates = await ready();
    next = async () => undefined;
    settings = { ...settings, channel: 'beta' };
    updates.settingsChanged();
    await settle();
    expect([looks, updates.state.phase]).toEqual([['latest', 'beta'], 'current']);
  });
});

describe('installing [APP-9]', () => {
  it('asks, brings everything to rest, and only then restarts', async () => {
    const updates = await ready();
    await updates.install();
    expect(done).toEqual(['ask 2.0.0', 'leave', 'install']);
  });

  it('does nothing when the person says no, and can be asked for again', async () => {
    const updates = await ready();
    agrees = false;
    await updates.install();
    expect([done, updates.state.phase]).toEqual([['ask 2.0.0'], 'ready']);
  });

  it('does nothing when the person stays for what is not saved, and can be asked for again', async () => {
    const updates = await ready();
    leaves = false;
    await updates.install();
    expect([done, updates.state.phase]).toEqual([['ask 2.0.0', 'leave'], 'ready']);
    leaves = true;
    await updates.install();
    expect(done.at(-1)).toBe('install');
  });

  it('asks once, however often it is asked for', async () => {
    const updates = await ready();
    await Promise.all([updates.install(), updates.install(), updates.install()]);
    expect(done).toEqual(['ask 2.0.0', 'leave', 'install']);
  });

  it('that fails starts the old version again', async () => {
    const updates = await ready();
    await updates.install();
    fail?.(new Error('disk full'));
    expect(done).toEqual(['ask 2.0.0', 'leave', 'install', 'come back']);
  });
});
