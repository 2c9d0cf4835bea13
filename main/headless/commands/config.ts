import type { Command } from 'commander';
import { z } from 'zod';
import { DEFAULT_SETTINGS, mergeSettings, type Settings, SettingsPatch } from '../../../contract/settings.ts';
import { showLine } from '../../core/display.ts';
import { print, printJson, table, UsageError } from '../terminal.ts';
import { readText, writeText } from './files.ts';
import { addCommand, addGroup, type CommonOptions, withApp } from './with-app.ts';

export function addConfig(program: Command): void {
  const group = addGroup(program, 'config', 'settings; a running host takes changes over by itself');

  addCommand(group, 'get [key]', 'show all settings, or one', [
    'config get',
    'config get server.port',
  ]).action(async (key: string | undefined, options: CommonOptions) => {
    const settings = await withApp(options, (app) => app.handle('settings.get', {}));
    if (key !== undefined) {
      const value = settingOf(settings, key);
      return options.json ? printJson(value) : print(shown(value));
    }
    if (options.json) return printJson(settings);
    print(
      table(fields(settings), [
        { title: 'KEY', of: (field) => field.key },
        { title: 'VALUE', of: (field) => shown(field.value) },
        {
          title: 'DEFAULT',
          of: (field) =>
            shown(field.value) === shown(settingOf(DEFAULT_SETTINGS, field.key))
              ? ''
              : shown(settingOf(DEFAULT_SETTINGS, field.key)),
        },
      ]),
    );
  });

  addCommand(group, 'set <key> <value>', 'change one setting', [
    'config set approvals.timeoutSeconds 600',
    'config set commands.env EDITOR,LANG',
  ]).action(async (key: string, value: string, options: CommonOptions) => {
    const patch = patchOf(key, value);
    const settings = await withApp(options, (app) => app.handle('settings.update', patch));
    if (options.json) return printJson(settingOf(settings, key));
    print(`${key} is ${shown(settingOf(settings, key))}.`);
  });

  addCommand(group, 'export [file]', 'write all settings as JSON (default: stdout)', [
    'config export settings.json',
  ]).action(async (file: string | undefined, options: CommonOptions) => {
    const settings = await withApp(options, (app) => app.handle('settings.get', {}));
    await writeText(file, `${JSON.stringify(settings, null, 2)}\n`);
  });

  addCommand(
    group,
    'import <file>',
    'take settings over from JSON (- for stdin); what it does not name goes back to its default',
    ['config import settings.json'],
  ).action(async (file: string, options: CommonOptions) => {
    const wanted = mergeSettings(DEFAULT_SETTINGS, settingsFrom(await readText(file)));
    const settings = await withApp(options, async (app) => {
      const patch = difference(await app.handle('settings.get', {}), wanted);
      return Object.keys(patch).length === 0 ? wanted : app.handle('settings.update', patch);
    });
    if (options.json) return printJson(settings);
    print('The settings were taken over.');
  });
}

interface Field {
  readonly key: string;
  readonly value: unknown;
}

function fields(settings: Settings): Field[] {
  return Object.entries(settings).flatMap(([section, values]) =>
    Object.entries(values).map(([name, value]): Field => ({ key: `${section}.${name}`, value })),
  );
}

function settingOf(settings: Settings, key: string): unknown {
  const found = fields(settings).find((field) => field.key === key);
  if (found === undefined) {
    const section = key.split('.')[0];
    const near = fields(settings)
      .map((field) => field.key)
      .filter((one) => one.startsWith(`${section}.`));
    throw new UsageError(
      `There is no setting "${showLine(key)}".${near.length > 0 ? ` There are ${near.join(', ')}.` : ' "fastband config get" shows them all.'}`,
    );
  }
  return found.value;
}

function shown(value: unknown): string {
  return Array.isArray(value) ? value.join(',') || '(none)' : String(value);
}

/** The value is read as the kind of thing that the default is. */
function patchOf(key: string, text: string): SettingsPatch {
  const before = settingOf(DEFAULT_SETTINGS, key);
  const [section = '', name = ''] = key.split('.');
  const parsed = SettingsPatch.safeParse({ [section]: { [name]: typed(key, text, before) } });
  if (!parsed.success)
    throw new UsageError(
      `${key} cannot be "${showLine(text)}": ${parsed.error.issues.map((issue) => issue.message).join('; ')}.`,
    );
  return parsed.data;
}

function typed(key: string, text: string, like: unknown): unknown {
  if (Array.isArray(like)) return text === '' ? [] : text.split(',').map((part) => part.trim());
  if (typeof like === 'number') {
    if (!/^-?\d+$/.test(text))
      throw new UsageError(`${key} is a whole number, and "${showLine(text)}" is none.`);
    return Number(text);
  }
  if (typeof like === 'boolean') {
    if (text !== 'true' && text !== 'false') throw new UsageError(`${key} is true or false.`);
    return text === 'true';
  }
  return text;
}

function settingsFrom(text: string): SettingsPatch {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError('The settings to import are not valid JSON.');
  }
  const parsed = SettingsPatch.safeParse(value);
  if (!parsed.success)
    throw new UsageError(`The settings to import do not fit: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** What must be changed to get from one to the other: the audit log then names these fields and no more. */
function difference(from: Settings, to: Settings): SettingsPatch {
  const changed = fields(to).filter(
    ({ key, value }) => JSON.stringify(value) !== JSON.stringify(settingOf(from, key)),
  );
  const patch: Record<string, Record<string, unknown>> = {};
  for (const { key, value } of changed) {
    const [section = '', name = ''] = key.split('.');
    patch[section] = { ...patch[section], [name]: value };
  }
  return SettingsPatch.parse(patch);
}
