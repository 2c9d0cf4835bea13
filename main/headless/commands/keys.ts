import { resolve } from 'node:path';
import type { Command } from 'commander';
import { showLine } from '../../../contract/display.ts';
import type { KeyInfo } from '../../../contract/keys.ts';
import { confirm, isTerminal } from '../confirm.ts';
import { readSecret } from '../secret-prompt.ts';
import { note, print, printJson, table, time } from '../terminal.ts';
import { addCommand, addGroup, type CommonOptions, collect, withApp } from './with-app.ts';

const ID = 'anthropic, openai, google, or secret:NAME for one of your own';

export function addKeys(program: Command): void {
  const group = addGroup(program, 'keys', 'API keys and secrets, in the keychain of this system');

  addCommand(group, 'set <id>', `add a key (${ID}); the value is asked for, or read from stdin`, [
    'keys set anthropic',
    'keys set secret:shop-api --host api.example.com',
    'pass show shop/db | fastband keys set secret:shop-db',
  ])
    .option('--label <text>', 'what it is called in the panel')
    .option('--host <host>', 'a host that a secret may be sent to (may be given several times)', collect)
    .action(async (id: string, options: CommonOptions & { label?: string; host?: readonly string[] }) => {
      const value = await readSecret(`Value of ${id}`);
      const { label, host } = options;
      const key = await withApp(options, (app) =>
        app.handle('keys.set', {
          id,
          value,
          ...(label === undefined ? {} : { label }),
          ...(host === undefined ? {} : { hosts: host }),
        }),
      );
      if (options.json) return printJson(key);
      print(`${key.id} is in the keychain.`);
    });

  addCommand(group, 'list', 'show the keys, never their values', ['keys list', 'keys list --json']).action(
    async (options: CommonOptions) => {
      const { keys, keychain } = await withApp(options, async (app) => ({
        keychain: await app.handle('keys.state', {}),
        keys: await app.handle('keys.list', {}),
      }));
      if (options.json) return printJson({ keychain, keys });
      if (keychain.state !== 'working') {
        note(keychain.problem ?? '');
        if (keychain.command !== undefined) note(`Run: ${keychain.command}`);
      }
      if (keys.length === 0) return print('There is no key yet. Add one: fastband keys set anthropic');
      print(
        table(keys, [
          { title: 'KEY', of: (one) => one.id },
          { title: 'NAME', of: (one) => one.label },
          { title: 'ADDED', of: (one) => (one.addedAt === undefined ? 'environment' : time(one.addedAt)) },
          { title: 'LAST USED', of: lastUsed },
          { title: 'STATE', of: stateWords, style: (one) => (one.state === 'ok' ? undefined : 'yellow') },
        ]),
      );
    },
  );

  addCommand(group, 'check <id>', 'ask the provider whether it takes a key', ['keys check anthropic']).action(
    async (id: string, options: CommonOptions) => {
      const { check } = await withApp(options, (app) => app.handle('keys.check', { id }));
      process.exitCode = check?.result === 'valid' ? 0 : 1;
      if (options.json) return printJson(check);
      print(check?.result === 'valid' ? `${id} is valid.` : (check?.problem ?? ''));
    },
  );

  addCommand(
    group,
    'rotate <id>',
    'put a new value in the place of the old one, once the provider takes it',
    ['keys rotate anthropic'],
  )
    .option('--unchecked', 'take it though the provider could not be asked')
    .action(async (id: string, options: CommonOptions & { unchecked?: boolean }) => {
      const value = await readSecret(`New value of ${id}`);
      const { unchecked = false } = options;
      const key = await withApp(options, (app) => app.handle('keys.rotate', { id, value, unchecked }));
      if (options.json) return printJson(key);
      print(`${key.id} has a new value.`);
    });

  addCommand(group, 'remove <id>', 'take a key out of the keychain', ['keys remove openai']).action(
    async (id: string, options: CommonOptions) => {
      await withApp(options, (app) => app.handle('keys.remove', { id }));
      if (options.json) return printJson({ id });
      print(`${showLine(id)} is no longer in the keychain.`);
    },
  );

  addCommand(group, 'import <file>', 'take keys from a file of NAME=value lines', [
    'keys import .env',
    'keys import .env --take ANTHROPIC_API_KEY --remove-lines',
  ])
    .option(
      '--take <name>',
      'a name to take (may be given several times); without it the names are shown',
      collect,
    )
    .option('--unchecked', 'replace keys though their provider could not be asked')
    .option('--remove-lines', 'take their lines out of the file; a terminal is asked otherwise')
    .action(
      async (
        file: string,
        options: CommonOptions & { take?: readonly string[]; removeLines?: boolean; unchecked?: boolean },
      ) => {
        const { take, unchecked = false } = options;
        const removeLines =
          options.removeLines ??
          (take !== undefined &&
            !options.json &&
            isTerminal() &&
            (await confirm(
              `Once they are in the keychain, take the lines of ${take.map(showLine).join(', ')} out of ${showLine(file)} too?`,
            )));
        const result = await withApp(options, (app) =>
          app.handle('keys.importEnv', {
            path: resolve(file),
            removeLines,
            unchecked,
            ...(take === undefined ? {} : { names: take }),
          }),
        );
        if (options.json) return printJson(result);
        if (take === undefined)
          return print(
            result.found.length === 0
              ? 'There is nothing to take in this file.'
              : `${table(result.found, [
                  { title: 'NAME', of: (one) => one.name },
                  { title: 'WOULD BE', of: (one) => one.id },
                  { title: 'VALUE', of: (one) => `…${one.tail}` },
                ])}\n\nTake some with --take NAME.`,
          );
        print(`Taken: ${result.taken.map(showLine).join(', ') || 'none'}. Lines removed: ${result.removed}.`);
      },
    );
}

function lastUsed({ source, lastUsedAt, lastUsedBy }: KeyInfo): string {
  // It is not recorded of these.
  if (source === 'environment') return '';
  return lastUsedAt === undefined ? 'never' : `${time(lastUsedAt)} by ${lastUsedBy ?? '?'}`;
}

function stateWords({ source, state, check }: KeyInfo): string {
  if (state === 'gone') return 'no longer in the keychain';
  if (state === 'closed') return 'the keychain does not open';
  if (check !== undefined) return check.result === 'unknown' ? 'not checked' : check.result;
  return source === 'environment' ? 'read only' : 'kept';
}
