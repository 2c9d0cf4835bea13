import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { BackupName, Passphrase } from '../../../contract/backups.ts';
import { showLine } from '../../../contract/display.ts';
import { FastbandError } from '../../core/errors.ts';
import { resolveHome } from '../home.ts';
import { commandLog } from '../log.ts';
import { readSecret } from '../secret-prompt.ts';
import { note, print, printJson, table, time, UsageError } from '../terminal.ts';
import { addCommand, addGroup, type CommonOptions, withApp } from './with-app.ts';

interface RestoreOptions extends CommonOptions {
  readonly unencrypted?: boolean;
  readonly keepClients?: boolean;
}

/** Its hashes lie beside what they are of, and the log's key too: who can write the file can make them all anew. */
const UNSIGNED =
  'This backup is not encrypted, so nothing shows whether somebody changed the rules, grants or clients in it.';

export function addBackup(program: Command): void {
  const group = addGroup(
    program,
    'backup',
    'copies of Fastband’s own data: policy, audit log, settings, kept files',
  );

  addCommand(group, 'create', 'make a backup; the passphrase is asked for, or read from stdin', [
    'backup create',
    'backup create --to /media/disk',
    'pass show fastband-backup | fastband backup create',
  ])
    .option('--to <dir>', 'the folder to put it in (default: backups in Fastband’s own folder)')
    .option('--no-encryption', 'leave it readable to whoever gets the file')
    .action(async (options: CommonOptions & { to?: string; encryption: boolean }) => {
      const { to, encryption } = options;
      if (to !== undefined && !existsSync(to)) throw new UsageError(`There is no folder ${showLine(to)}.`);
      const passphrase = encryption ? await newPassphrase() : undefined;
      const [{ makeBackup }, { nodePorts }] = await Promise.all([
        import('../../backup/make.ts'),
        import('../../node-ports.ts'),
      ]);
      const made = await withApp(options, async (app) => {
        const { home } = app.status();
        const { clock, random } = nodePorts({ home, log: commandLog });
        const folder = to === undefined ? join(home, 'backups') : resolve(to);
        const info = await makeBackup(
          { home, audit: app.store.audit, clock, random },
          { passphrase, folder, progress },
        );
        return { ...info, file: join(folder, info.name) };
      });
      if (options.json) return printJson(made);
      print(`${showLine(made.file)}  ${made.bytes} bytes`);
      note(
        made.encrypted
          ? 'Without its passphrase it cannot be read, by nobody. Keys are not in it: they stay in the keychain.'
          : 'It is not encrypted: keep it where only you can read and change it.',
      );
    });

  addCommand(group, 'list', 'show the backups in Fastband’s own folder', [
    'backup list',
    'backup list --json',
  ]).action(async (options: CommonOptions) => {
    const { listBackups } = await import('../../backup/names.ts');
    const backups = await listBackups(join(resolveHome(options.home), 'backups'));
    if (options.json) return printJson(backups);
    if (backups.length === 0) return print('There is no backup yet. Make one: fastband backup create');
    print(
      table(backups, [
        { title: 'BACKUP', of: (one) => one.name },
        { title: 'MADE', of: (one) => time(one.at) },
        { title: 'BYTES', of: (one) => String(one.bytes) },
        { title: 'ENCRYPTED', of: (one) => (one.encrypted ? 'yes' : 'no') },
      ]),
    );
  });

  addCommand(group, 'verify <backup>', 'read all of a backup (a name or a file) and check it', [
    'backup verify fastband-20261123T090000Z-3f09aa.backup.age',
  ]).action(async (backup: string, options: CommonOptions) => {
    const home = resolveHome(options.home);
    const file = fileOf(backup, home);
    const passphrase = await passphraseFor(file);
    const { inDraft, runExamine } = await import('../../backup/work.ts');
    const { tmpdir } = await import('node:os');
    const facts = await inDraft(existsSync(home) ? join(home, 'backups') : tmpdir(), (staging) =>
      runExamine({ file, staging, ...passphrase }, { progress }),
    );
    if (options.json) return printJson({ ok: true, ...facts });
    print(
      `It is whole: made ${time(facts.createdAt)} by Fastband ${showLine(facts.version)}, ${facts.files} files, ${facts.auditRows} audit rows that verify.`,
    );
    if (!facts.encrypted) note(UNSIGNED);
  });

  addCommand(
    group,
    'restore <backup>',
    'put a backup in the place of Fastband’s data; what is there now is kept aside',
    [
      'backup restore fastband-20261123T090000Z-3f09aa.backup.age',
      'backup restore /media/disk/x.backup.age --home ~/new',
    ],
  )
    .option('--unencrypted', 'take one that is not encrypted, because you know that nobody changed it')
    .option(
      '--keep-clients',
      'let clients in again of which nothing here can say whether they were revoked since',
    )
    .action(async (backup: string, options: RestoreOptions) => {
      const home = resolveHome(options.home);
      const file = fileOf(backup, home);
      const passphrase = await passphraseFor(file);
      if (passphrase.passphrase === undefined && options.unencrypted !== true)
        throw new UsageError(
          `${UNSIGNED} Nothing was changed. Where you know that nobody did, add --unencrypted.`,
        );
      const { keepClients = false } = options;
      const [{ restoreBackup }, { systemClock }] = await Promise.all([
        import('../../backup/restore.ts'),
        import('../../node-ports.ts'),
      ]);
      const restored = await restoreBackup(
        { home, file, ...passphrase, keepClients, clock: systemClock, log: commandLog },
        { progress },
      );
      if (options.json) return printJson(restored);
      print(`Restored what was backed up ${time(restored.createdAt)}.`);
      if (restored.aside !== undefined) print(`What was there before is in ${showLine(restored.aside)}`);
      for (const name of restored.revoked) print(`Still revoked: ${showLine(name)}`);
      for (const name of restored.unsure) print(`Revoked: ${showLine(name)}`);
      if (restored.unsure.length > 0)
        note(
          'What was here cannot say whether these were revoked after the backup, so their tokens no longer work. Make new ones for those that you still trust: fastband client add NAME',
        );
      note(
        'Rules and grants are as they were then: a denial that you added since is gone, and a permission that you took away is back. Look through them before you start Fastband: fastband rules list',
      );
    });
}

function fileOf(backup: string, home: string): string {
  const own = join(home, 'backups', backup);
  return BackupName.safeParse(backup).success && existsSync(own) ? own : resolve(backup);
}

async function passphraseFor(file: string): Promise<{ passphrase?: string }> {
  const { needsPassphrase } = await import('../../backup/examine.ts');
  return (await needsPassphrase(file)) ? { passphrase: await readSecret('Passphrase of the backup') } : {};
}

async function newPassphrase(): Promise<string> {
  const first = await readSecret('Passphrase for the backup');
  if (!Passphrase.safeParse(first).success)
    throw new UsageError('The passphrase needs at least 12 characters.');
  // What is typed unseen and mistyped once would lock the backup for good.
  if (process.stdin.isTTY && (await readSecret('Once more')) !== first)
    throw new FastbandError('invalid_input', 'These were two different ones. Nothing was made.');
  return first;
}

let shown = -1;
function progress(done: number, total: number): void {
  if (!process.stderr.isTTY || total === 0) return;
  const percent = Math.floor((100 * done) / total);
  if (percent === shown) return;
  shown = percent;
  process.stderr.write(`\r${percent} %${done >= total ? '\r     \r' : ''}`);
}
