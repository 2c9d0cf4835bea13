import { chmodSync, constants, copyFileSync, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Conf from 'conf';
import type { z } from 'zod';
import { DEFAULT_SETTINGS, mergeSettings, type Settings, SettingsPatch } from '../../contract/settings.ts';
import { FastbandError } from '../core/errors.ts';
import type { Log } from '../ports.ts';
import { withFileLock } from './settings-lock.ts';

/** The settings of one home, whole and valid at any moment. */
export interface SettingsStore {
  /** Frozen. A change puts another object in its place. */
  readonly current: Settings;
  /** @throws FastbandError `invalid_input` (an unknown or unfit setting), `settings_invalid` (cannot be written), `conflict` */
  update(patch: SettingsPatch): Settings;
  /** As `update`, but what the patch does not name goes back to its default. */
  replace(all: SettingsPatch): Settings;
  /** Calls back after each change of a value, whichever process made it. The answer ends it. */
  onChange(fn: (settings: Settings) => void): () => void;
  /** What is wrong with the file now, where the last good values are still in force. */
  readonly problem: string | undefined;
  readonly file: string;
  close(): void;
}

export interface SettingsOptions {
  readonly home: string;
  readonly log: Log;
  /** Notice changes that other processes make, within two seconds. */
  readonly watch?: boolean;
  /** Go on with the defaults when the file is bad, so that a person can mend it. Only for what serves nothing. */
  readonly tolerant?: boolean;
}

/** By then the watcher has seen the file. */
const LOOK_AGAIN_MS = 1500;

/** Why a settings file cannot be used: one sentence that names the field. */
class BadSettings extends Error {}

/**
 * Opens `<home>/settings.json` (mode 0600). The file holds only what differs from the defaults and is read with the
 * schema of `contract/settings.ts`. A bad file is never replaced by defaults: opening it fails, and where it goes bad
 * later the last good values stay.
 *
 * @throws FastbandError `settings_invalid`
 */
export function openSettings(options: SettingsOptions): SettingsStore {
  return new SettingsFile(options);
}

class SettingsFile implements SettingsStore {
  readonly file: string;
  readonly #log: Log;
  readonly #conf: Conf<SettingsPatch>;
  readonly #listeners = new Set<(settings: Settings) => void>();
  /** While a bad file is stepped over or replaced, what it says is not asked. */
  #ignoring = false;
  #existed: boolean;
  #stored: SettingsPatch;
  #current: Settings;
  #problem: string | undefined;
  #closed = false;
  readonly #watching: boolean;
  #nextLook: NodeJS.Timeout | undefined;

  constructor({ home, log, watch = false, tolerant = false }: SettingsOptions) {
    this.file = join(home, 'settings.json');
    this.#log = log;
    this.#watching = watch;
    // It may have been made by hand, with other permissions.
    if (existsSync(this.file)) chmodSync(this.file, 0o600);
    const open = () =>
      new Conf<SettingsPatch>({
        cwd: home,
        configName: 'settings',
        configFileMode: 0o600,
        watch,
        serialize: (value) => `${JSON.stringify(value, undefined, 2)}\n`,
        deserialize: (text) => (this.#ignoring ? {} : parseFile(text)),
      });
    try {
      this.#conf = open();
      this.#stored = { ...this.#conf.store };
    } catch (error) {
      if (!(error instanceof BadSettings)) throw error;
      this.#problem = `${this.#describe(error)} Mend it, or move it away to begin with the defaults.`;
      if (!tolerant) throw new FastbandError('settings_invalid', this.#problem);
      this.#conf = this.#ignoringFile(open);
      this.#stored = {};
    }
    this.#current = freeze(mergeSettings(DEFAULT_SETTINGS, this.#stored));
    this.#existed = existsSync(this.file);
    this.#conf.events.addEventListener('change', () => this.#reload());
    // What changed before the watcher had its first look would never be a change to it.
    this.#lookAgain();
  }

  get current(): Settings {
    return this.#current;
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  update(patch: SettingsPatch): Settings {
    const change = parsePatch(patch);
    return this.#write((stored) => layOver(stored, change));
  }

  replace(all: SettingsPatch): Settings {
    const whole = parsePatch(all);
    return this.#write(() => whole);
  }

  onChange(fn: (settings: Settings) => void): () => void {
    this.#listeners.add(fn);
    return () => this.#listeners.delete(fn);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#nextLook);
    this.#conf._closeWatcher();
    this.#listeners.clear();
  }

  #write(change: (stored: SettingsPatch) => SettingsPatch): Settings {
    try {
      withFileLock(this.file, () => {
        // Another process may have written since; its change must not be lost.
        this.#reload();
        const next = withoutDefaults(change(this.#stored));
        if (this.#problem !== undefined) this.#keepAside();
        this.#ignoringFile(() => {
          this.#conf.store = next;
        });
      });
    } catch (error) {
      if (error instanceof FastbandError) throw error;
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
      throw new FastbandError(
        'settings_invalid',
        `The settings could not be saved to ${this.file} (${code}). Nothing was changed. Check the folder's permissions and free space.`,
        { cause: error },
      );
    }
    this.#reload();
    return this.#current;
  }

  /** Takes over what the file says now. A bad or vanished file changes nothing but `problem`. */
  #reload(): void {
    if (this.#ignoring) return;
    let stored: SettingsPatch;
    try {
      const exists = existsSync(this.file);
      // Gone means that somebody took it away, not that they want the limits back at their defaults.
      if (this.#existed && !exists) throw new BadSettings('it is gone');
      stored = { ...this.#conf.store };
      this.#existed = exists;
    } catch (error) {
      const problem = `${this.#describe(error)} The last good settings stay in force until it is mended.`;
      if (problem !== this.#problem) this.#log.warn({ file: this.file }, problem);
      this.#problem = problem;
      // The watcher tells of no change where a file is mended to the very bytes that it knew.
      this.#lookAgain();
      return;
    }
    this.#problem = undefined;
    this.#stored = stored;
    const next = freeze(mergeSettings(DEFAULT_SETTINGS, stored));
    if (JSON.stringify(next) === JSON.stringify(this.#current)) return;
    this.#current = next;
    for (const listener of [...this.#listeners]) listener(next);
  }

  #lookAgain(): void {
    clearTimeout(this.#nextLook);
    if (this.#watching && !this.#closed)
      this.#nextLook = setTimeout(() => this.#reload(), LOOK_AGAIN_MS).unref();
  }

  #ignoringFile<T>(run: () => T): T {
    this.#ignoring = true;
    try {
      return run();
    } finally {
      this.#ignoring = false;
    }
  }

  #keepAside(): void {
    if (!existsSync(this.file)) return;
    const stamp = new Date(statSync(this.file).mtimeMs).toISOString().replaceAll(':', '-');
    for (let n = 0; ; n++) {
      const aside = `${this.file}.bad-${stamp}${n === 0 ? '' : `-${n}`}`;
      try {
        copyFileSync(this.file, aside, constants.COPYFILE_EXCL);
        this.#log.warn({ aside }, 'the bad settings file was kept aside');
        return;
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      }
    }
  }

  #describe(error: unknown): string {
    const why = error instanceof BadSettings ? error.message : 'it cannot be read';
    return `The settings file ${this.file} cannot be used: ${why}.`;
  }
}

function parseFile(text: string): SettingsPatch {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    // Not the parser's own message: it quotes the file, which somebody may have pasted a key into.
    throw new BadSettings('it is not valid JSON');
  }
  const parsed = SettingsPatch.safeParse(value);
  if (!parsed.success) throw new BadSettings(issueWords(parsed.error));
  return parsed.data;
}

function parsePatch(patch: unknown): SettingsPatch {
  const parsed = SettingsPatch.safeParse(patch);
  if (parsed.success) return select(parsed.data, (_section, _field, value) => value !== undefined);
  throw new FastbandError(
    'invalid_input',
    `These settings were not taken: ${issueWords(parsed.error)}. Nothing was changed.`,
  );
}

/** Each issue with the field it is about, without the values. */
function issueWords(error: z.ZodError): string {
  const words = error.issues.slice(0, 5).map((issue) => {
    const path = issue.path.map(String);
    if (issue.code !== 'unrecognized_keys')
      return `${path.length === 0 ? 'the whole' : path.join('.')}: ${issue.message}`;
    return `there is no setting ${issue.keys.map((key) => [...path, key].join('.').slice(0, 100)).join(', ')}`;
  });
  return words.join('; ');
}

type Sections = Record<string, Record<string, unknown> | undefined>;

function layOver(stored: SettingsPatch, patch: SettingsPatch): SettingsPatch {
  const next: Sections = { ...stored };
  for (const [section, fields] of Object.entries(patch)) next[section] = { ...next[section], ...fields };
  return SettingsPatch.parse(next);
}

function withoutDefaults(stored: SettingsPatch): SettingsPatch {
  const defaults: Sections = DEFAULT_SETTINGS;
  return select(
    stored,
    (section, field, value) => JSON.stringify(value) !== JSON.stringify(defaults[section]?.[field]),
  );
}

/** The fields that `keep` wants; sections that are left empty go. */
function select(
  patch: SettingsPatch,
  keep: (section: string, field: string, value: unknown) => boolean,
): SettingsPatch {
  const kept: Sections = {};
  for (const [section, fields] of Object.entries(patch)) {
    const chosen = Object.entries(fields ?? {}).filter(([field, value]) => keep(section, field, value));
    if (chosen.length > 0) kept[section] = Object.fromEntries(chosen);
  }
  return SettingsPatch.parse(kept);
}

function freeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) freeze(part);
  return Object.freeze(value);
}
