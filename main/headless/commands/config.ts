import type { Command } from 'commander';
import { showLine } from '../../../contract/display.ts';
import { DEFAULT_SETTINGS, type Settings, SettingsPatch } from '../../../contract/settings.ts';
import { settingFields } from '../../config/settings-transfer.ts';
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
      table(settingFields(settings), [
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
    const { text } = await withApp(options, (app) => app.handle('settings.export', {}));
    await writeText(file, text);
  });

  addCommand(
    group,
    'import <file>',
    'take settings over from JSON (- for stdin); what it does not name goes back to its default',
    ['config import settings.json'],
  ).action(async (file: string, options: CommonOptions) => {
    const json = await readText(file);
    const settings = await withApp(options, async (app) => {
      const { problems } = await app.handle('settings.import', { json, dryRun: false });
      if (problems.length > 0)
        throw new UsageError(
          `The settings to import do not fit, so nothing was changed. ${problems
            .map(({ key, message }) => showLine(key === '' ? message : `${key}: ${message}`))
            .join(' ')}`,
        );
      return app.handle('settings.get', {});
    });
    if (options.json) return printJson(settings);
    print('The settings were taken over.');
  });
}

function settingOf(settings: Settings, key: string): unknown {
  const found = settingFields(settings).find((field) => field.key === key);
  if (found === undefined) {
    const section = key.split('.')[0];
    const near = settingFields(settings)
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
