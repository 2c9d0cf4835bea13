import type { SettingsImport } from '../../contract/about.ts';
import { DEFAULT_SETTINGS, mergeSettings, type Settings, SettingsPatch } from '../../contract/settings.ts';
import { FastbandError } from '../core/errors.ts';

/** One setting: `server.port` and its value. */
export interface SettingField {
  readonly key: string;
  readonly value: unknown;
}

/** Every setting, section by section. */
export function settingFields(settings: SettingsPatch): SettingField[] {
  return Object.entries(settings).flatMap(([section, values]) =>
    Object.entries(values ?? {}).map(([name, value]): SettingField => ({ key: `${section}.${name}`, value })),
  );
}

/** All settings as JSON, for a file. Secrets are in no setting. */
export function settingsText(settings: Settings): string {
  return `${JSON.stringify(settings, null, 2)}\n`;
}

/**
 * What must change for a section, or one key of it, to be as it was at first. Nothing named means everything.
 *
 * @throws FastbandError `not_found` when there is no such setting
 */
export function resetPatch(current: Settings, section?: string, key?: string): SettingsPatch {
  const wanted = settingFields(DEFAULT_SETTINGS).filter(
    (field) =>
      section === undefined ||
      (key === undefined ? field.key.startsWith(`${section}.`) : field.key === `${section}.${key}`),
  );
  if (wanted.length === 0)
    throw new FastbandError('not_found', 'There is no such setting. Nothing was changed.');
  return patchOf(differing(current, wanted));
}

/** What taking over a file's text would do. What the file does not name goes back to its default. */
export interface ImportPlan {
  readonly patch: SettingsPatch;
  readonly changes: SettingsImport['changes'];
  readonly problems: SettingsImport['problems'];
}

/** Reads settings as exported. Never throws: what does not fit is told key by key, without the value. */
export function planImport(current: Settings, text: string): ImportPlan {
  const nothing = (message: string): ImportPlan => ({
    patch: {},
    changes: [],
    problems: [{ key: '', message }],
  });
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    // Not the parser's own message: it quotes the file.
    return nothing('This is not valid JSON.');
  }
  if (!isObject(value)) return nothing('This holds no settings: it must be a JSON object.');
  const problems: { key: string; message: string }[] = [];
  const fitting: SettingField[] = [];
  for (const [section, fields] of Object.entries(value)) {
    if (!Object.hasOwn(DEFAULT_SETTINGS, section))
      problems.push({ key: section.slice(0, 100), message: 'There is no such section.' });
    else if (!isObject(fields)) problems.push({ key: section, message: 'It must be an object of settings.' });
    else
      for (const [name, one] of Object.entries(fields)) {
        const message = problemOf(section, name, one);
        if (message === undefined) fitting.push({ key: `${section}.${name}`, value: one });
        else problems.push({ key: `${section}.${name}`.slice(0, 100), message });
      }
  }
  const wanted = settingFields(mergeSettings(DEFAULT_SETTINGS, patchOf(fitting)));
  const changed = differing(current, wanted);
  return {
    patch: patchOf(changed),
    changes: changed.map(({ key, value: to }) => ({ key, from: fieldOf(current, key), to })),
    problems,
  };
}

function problemOf(section: string, name: string, value: unknown): string | undefined {
  const defaults: Readonly<Record<string, object>> = DEFAULT_SETTINGS;
  if (!Object.hasOwn(defaults[section] ?? {}, name)) return 'There is no such setting.';
  const parsed = SettingsPatch.safeParse({ [section]: { [name]: value } });
  return parsed.success ? undefined : parsed.error.issues.map((issue) => issue.message).join('; ');
}

/** The audit log then names these fields and no more. */
function differing(current: Settings, wanted: readonly SettingField[]): SettingField[] {
  return wanted.filter(({ key, value }) => JSON.stringify(value) !== JSON.stringify(fieldOf(current, key)));
}

function fieldOf(settings: Settings, key: string): unknown {
  return settingFields(settings).find((field) => field.key === key)?.value;
}

function patchOf(fields: readonly SettingField[]): SettingsPatch {
  const patch: Record<string, Record<string, unknown>> = {};
  for (const { key, value } of fields) {
    const [section = '', name = ''] = key.split('.');
    patch[section] = { ...patch[section], [name]: value };
  }
  return SettingsPatch.parse(patch);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
