import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS, type Settings, type SettingsPatch } from '../../contract/settings.ts';
import { FastbandError } from '../core/errors.ts';
import type { Log } from '../ports.ts';
import { openSettings, type SettingsStore } from './settings.ts';

const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

let home: string;
let file: string;
let open: SettingsStore[];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'fastband-settings-'));
  file = join(home, 'settings.json');
  open = [];
});

afterEach(() => {
  for (const store of open) store.close();
  rmSync(home, { recursive: true, force: true });
});

function settings(watch = false): SettingsStore {
  const store = openSettings({ home, log: silentLog, watch });
  open.push(store);
  return store;
}

const stored = (): unknown => JSON.parse(readFileSync(file, 'utf8'));
const badCopies = (): string[] => readdirSync(home).filter((name) => name.startsWith('settings.json.bad-'));

function refusal(run: () => unknown): FastbandError {
  try {
    run();
  } catch (error) {
    if (error instanceof FastbandError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('the settings file', () => {
  it('is not needed: a new home has the defaults', () => {
    const store = settings();
    expect(store.current).toEqual(DEFAULT_SETTINGS);
    expect(store.problem).toBeUndefined();
    store.update({ server: { port: 1234 } });
    expect(store.problem).toBeUndefined();
  });

  it('holds only what differs from the defaults, for its owner alone', () => {
    const store = settings();
    store.update({ limits: { callsPerMinute: 5 }, audit: { retentionDays: 365 } });
    expect(stored()).toEqual({ limits: { callsPerMinute: 5 } });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    store.update({ limits: { callsPerMinute: 1200 } });
    expect(stored()).toEqual({});
  });

  it('loses the permissions that others had on it', () => {
    writeFileSync(file, '{}');
    chmodSync(file, 0o644);
    settings();
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('keeps the other fields of a section that is changed, and lists are replaced whole', () => {
    const store = settings();
    store.update({ commands: { env: ['A', 'B'], timeoutSeconds: 9 } });
    const next = store.update({ commands: { env: ['C'] } });
    expect(next.commands).toEqual({ ...DEFAULT_SETTINGS.commands, env: ['C'], timeoutSeconds: 9 });
    expect(settings().current).toEqual(next);
  });

  it('becomes exactly what is imported', () => {
    const store = settings();
    store.update({ limits: { callsPerMinute: 5 } });
    store.replace({ server: { port: 1 } });
    expect(stored()).toEqual({ server: { port: 1 } });
    expect(store.current.limits).toEqual(DEFAULT_SETTINGS.limits);
  });

  it('holds nothing that conf keeps for itself', () => {
    settings(true).update({ server: { port: 1 } });
    expect(readFileSync(file, 'utf8')).not.toContain('__internal__');
  });

  it('leaves no lock or temporary file behind', () => {
    settings().update({ server: { port: 1 } });
    expect(readdirSync(home)).toEqual(['settings.json']);
  });

  it('cannot be changed through what is handed out', () => {
    const { current } = settings();
    expect(() => Object.assign(current.limits, { callsPerMinute: 0 })).toThrow(TypeError);
  });
});

describe('a bad file is never taken for permissive defaults [POL-7]', () => {
  const cases: readonly [string, string, RegExp][] = [
    ['text that is no JSON', '{"limits": ', /not valid JSON/],
    ['an empty file', '', /not valid JSON/],
    ['a list', '[]', /the whole: .*object/i],
    ['null', 'null', /the whole: /],
    ['an unknown section', '{"limit":{"callsPerMinute":1}}', /no setting limit/],
    ['an unknown field', '{"limits":{"callsPerMinut":1}}', /no setting limits\.callsPerMinut/],
    ['a key that would reach the prototype', '{"__proto__":{"limits":{}}}', /no setting __proto__/],
    [
      'what conf would keep for itself',
      '{"__internal__":{"migrations":{"version":"9.0.0"}}}',
      /no setting __internal__/,
    ],
    ['a wrong type', '{"limits":{"callsPerMinute":"many"}}', /limits\.callsPerMinute: /],
    ['a number out of range', '{"server":{"port":70000}}', /server\.port: /],
    ['a fraction of a port', '{"server":{"port":1.5}}', /server\.port: /],
    ['an environment name that is none', '{"commands":{"env":["A=B"]}}', /commands\.env\.0: /],
  ];

  it.each(cases)('%s stops the start and says where', (_name, text, words) => {
    writeFileSync(file, text);
    const error = refusal(() => settings());
    expect(error.code).toBe('settings_invalid');
    expect(error.message).toContain(file);
    expect(error.message).toMatch(words);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it.each(cases)('%s while running leaves the last good values in force', (_name, text) => {
    const store = settings();
    store.update({ limits: { callsPerMinute: 7 } });
    writeFileSync(file, text);
    store.update({ server: { port: 9 } });
    expect(store.current.limits.callsPerMinute).toBe(7);
    expect(stored()).toEqual({ limits: { callsPerMinute: 7 }, server: { port: 9 } });
    const [aside, ...others] = badCopies();
    expect(others).toEqual([]);
    expect(readFileSync(join(home, aside ?? ''), 'utf8')).toBe(text);
    expect(store.problem).toBeUndefined();
  });

  it.each(cases)('%s can be mended by a command that serves nothing', (_name, text, words) => {
    writeFileSync(file, text);
    const store = openSettings({ home, log: silentLog, tolerant: true });
    open.push(store);
    expect(store.problem).toMatch(words);
    expect(store.current).toEqual(DEFAULT_SETTINGS);
    expect(readFileSync(file, 'utf8')).toBe(text);
    store.replace({ server: { port: 9 } });
    expect([stored(), store.problem, badCopies().length]).toEqual([{ server: { port: 9 } }, undefined, 1]);
  });

  it('does not repeat the words of a file that is no JSON', () => {
    writeFileSync(file, 'sk-ant-pasted-by-mistake');
    expect(refusal(() => settings()).message).not.toContain('sk-ant');
  });

  it('takes a byte order mark, as editors write it', () => {
    writeFileSync(file, '\uFEFF{"server":{"port":1}}');
    expect(settings().current.server.port).toBe(1);
  });
});

describe('a change that does not fit is refused whole', () => {
  it.each([
    ['an unknown key', { limits: { callsPerMinute: 1, x: 1 } }, /no setting limits\.x/],
    ['a wrong type beside a right one', { server: { port: 1, panelPort: '2' } }, /server\.panelPort/],
  ])('%s', (_name, patch, words) => {
    const store = settings();
    const error = refusal(() => store.update(patch as SettingsPatch));
    expect(error.code).toBe('invalid_input');
    expect(error.message).toMatch(words);
    expect(existsSync(file)).toBe(false);
    expect(store.current).toEqual(DEFAULT_SETTINGS);
  });

  it('a file that cannot be written leaves the values as they were', () => {
    const store = settings();
    rmSync(home, { recursive: true });
    writeFileSync(home, 'a file where the folder was');
    expect(refusal(() => store.update({ server: { port: 1 } })).code).toBe('settings_invalid');
    expect(store.current).toEqual(DEFAULT_SETTINGS);
  });
});

/** Real files and real timers: the watcher polls. */
const change = (store: SettingsStore, run: () => void) =>
  new Promise<Settings>((resolve) => {
    store.onChange(resolve);
    run();
  });

async function until(check: () => boolean): Promise<void> {
  const giveUpAt = Date.now() + 8000;
  while (!check()) {
    if (Date.now() > giveUpAt) throw new Error('it did not happen within 8 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('with another process beside it', { timeout: 20_000 }, () => {
  it('notices a change, a bad file, a file that vanished, and the mended one', async () => {
    const store = settings(true);
    const seen = await change(store, () => writeFileSync(file, '{"limits":{"callsPerMinute":3}}'));
    expect(seen.limits.callsPerMinute).toBe(3);

    writeFileSync(file, '{"limits":');
    await until(() => store.problem !== undefined);
    expect(store.problem).toMatch(/not valid JSON.*last good/);
    expect(store.current.limits.callsPerMinute).toBe(3);

    unlinkSync(file);
    await until(() => store.problem?.includes('it is gone') === true);
    expect(store.current.limits.callsPerMinute).toBe(3);

    writeFileSync(file, '{"limits":{"callsPerMinute":4}}');
    await until(() => store.problem === undefined);
    expect(store.current.limits.callsPerMinute).toBe(4);
  });

  it('sees that a file was mended to the very bytes that it had before it went bad', async () => {
    const store = settings(true);
    store.update({ limits: { callsPerMinute: 3 } });
    const good = readFileSync(file);
    writeFileSync(file, '{"limits":');
    await until(() => store.problem !== undefined);
    writeFileSync(file, good);
    await until(() => store.problem === undefined);
    expect(store.current.limits.callsPerMinute).toBe(3);
  });

  it('tells of its own change once, and of none when nothing differs', async () => {
    const store = settings(true);
    const told: number[] = [];
    store.onChange((next) => told.push(next.server.port));
    store.update({ server: { port: 5 } });
    store.update({ server: { port: 5 } });
    await change(settings(true), () => writeFileSync(file, '{"server":{"port":6}}'));
    await until(() => told.length > 1);
    expect(told).toEqual([5, 6]);
  });

  it('loses no change when two processes write at the same time', async () => {
    const script = join(home, 'writer.mjs');
    writeFileSync(
      script,
      `import { openSettings } from ${JSON.stringify(new URL('./settings.ts', import.meta.url).href)};
       const log = { debug() {}, info() {}, warn() {}, error() {} };
       const store = openSettings({ home: ${JSON.stringify(home)}, log });
       const [section, field] = process.argv.slice(2);
       for (let n = 1; n <= 40; n++) {
         store.update({ [section]: { [field]: n } });
         if (store.current[section][field] !== n) process.exit(3);
       }`,
    );
    const run = (section: string, field: string) =>
      new Promise<number | null>((resolve) => {
        spawn(process.execPath, [script, section, field], { stdio: 'inherit' }).on('exit', resolve);
      });
    expect(await Promise.all([run('server', 'port'), run('limits', 'callSeconds')])).toEqual([0, 0]);
    expect(stored()).toEqual({ server: { port: 40 }, limits: { callSeconds: 40 } });
  });

  it('is not held up by the lock of a process that died', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    const { pid } = child;
    await new Promise((resolve) => child.on('exit', resolve));
    writeFileSync(`${file}.lock`, String(pid));
    settings().update({ server: { port: 1 } });
    expect(stored()).toEqual({ server: { port: 1 } });
  });

  it('does not break into a lock that is held, and says so', () => {
    writeFileSync(`${file}.lock`, String(process.ppid));
    expect(refusal(() => settings().update({ server: { port: 1 } })).code).toBe('conflict');
    expect(existsSync(file)).toBe(false);
  });

  it('breaks into a lock that nobody can still be using', () => {
    writeFileSync(`${file}.lock`, String(process.ppid));
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(`${file}.lock`, longAgo, longAgo);
    settings().update({ server: { port: 1 } });
    expect(stored()).toEqual({ server: { port: 1 } });
  });
});
