import { execFile } from 'node:child_process';
import { constants, existsSync } from 'node:fs';
import { access, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { extractAll, extractFile, listPackage } from '@electron/asar';
import { FuseV1Options, FuseVersion, getCurrentFuseWire } from '@electron/fuses';
import { parse } from 'yaml';
import { z } from 'zod';
import { Licence } from '../contract/about.ts';
import { electronFolder } from './dist.ts';
import { mayShip } from './licence-terms.ts';
import { type Packaged, packageApp } from './package-app.ts';
import { FUSES, KEYTAR, mayBeInside, NEEDED, RIPGREP, SQLITE, writeStub } from './package-facts.ts';

const ROOT = join(import.meta.dirname, '..');
/** The app without Electron. A good deal more than it is: to notice what slipped in. */
const MAX_MB = 25;
const run = promisify(execFile);

/** What a check looks at: the packaged app, the names inside its archive, and a folder of its own. */
interface Subject {
  readonly app: Packaged;
  readonly archive: string;
  readonly files: readonly string[];
  readonly work: string;
}

/** By name: what each finds out, in a few words. Throws when it is not as it must be. */
const CHECKS: Readonly<Record<string, (subject: Subject) => Promise<string>>> = {
  'contents of the archive': async ({ files }) => {
    const alien = files.filter((file) => !mayBeInside(file));
    const missing = NEEDED.filter((file) => !files.includes(file));
    if (alien.length > 0) throw new Error(`must not be inside: ${alien.join(', ')}`);
    if (missing.length > 0) throw new Error(`missing: ${missing.join(', ')}`);
    return `${files.length} files`;
  },
  'outside the archive': async ({ app, files }) => {
    const unpacked = unpackedIn(app);
    for (const file of [SQLITE, RIPGREP, ...(files.includes(KEYTAR) ? [KEYTAR] : [])])
      await access(join(unpacked, file));
    for (const file of ['default_app.asar', 'app-update.yml'])
      if (existsSync(join(app.resources, file))) throw new Error(`${file} must not be there`);
    if (process.platform === 'linux' && existsSync(join(app.folder, 'locales', 'fr.pak')))
      throw new Error('has languages of Chromium that Fastband does not speak');
    await access(join(app.resources, 'LICENSE.txt'));
    const licences = process.platform === 'darwin' ? app.resources : app.folder;
    for (const file of ['LICENSE.electron.txt', 'LICENSES.chromium.html']) await access(join(licences, file));
    return 'native modules, ripgrep and licences; no example app, no update feed';
  },
  'package.json': async ({ archive }) => {
    const own = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Record<string, unknown>;
    const packed = JSON.parse(extractFile(archive, 'package.json').toString()) as Record<string, unknown>;
    // The desktop's home is named after it, and is the same as the command line's.
    if (packed.productName !== 'Fastband') throw new Error(`productName is ${packed.productName}`);
    // Its links are given to the program that this names.
    if (packed.desktopName !== 'fastband-desktop.desktop')
      throw new Error(`desktopName is ${packed.desktopName}`);
    if (packed.version !== own.version || packed.main !== 'dist/main.js')
      throw new Error('version or entry are not the sources’');
    for (const key of ['scripts', 'devDependencies'])
      if (packed[key] !== undefined) throw new Error(`has ${key}`);
    return `${packed.productName} ${packed.version}`;
  },
  licences: async ({ archive, files }) => {
    const licences = z
      .array(Licence)
      .parse(JSON.parse(extractFile(archive, 'dist/licences.json').toString()));
    const bare = licences.filter((one) => one.text === '');
    if (bare.length > 0) throw new Error(`no text for ${bare.map((one) => one.name).join(', ')}`);
    const unfit = licences.filter((one) => !mayShip(one.licence));
    if (unfit.length > 0)
      throw new Error(`may not be shipped: ${unfit.map((one) => `${one.name} (${one.licence})`).join(', ')}`);
    const packages = files.flatMap((file) => /^node_modules\/(.+)\/package\.json$/.exec(file)?.[1] ?? []);
    const unsaid = [...packages, 'react', 'zod', 'electron'].filter(
      (name) => !licences.some((one) => one.name === name),
    );
    if (unsaid.length > 0) throw new Error(`not named: ${unsaid.join(', ')}`);
    return `${licences.length} packages, each with its text`;
  },
  'SQLite loads': async ({ app, archive, work }) => {
    const extracted = join(work, 'extracted');
    extractAll(archive, extracted);
    const script = `const Database = require('better-sqlite3');
      const database = new Database(':memory:', { nativeBinding: process.argv[1] });
      process.stdout.write(database.prepare('SELECT sqlite_version()').pluck().get());`;
    const { stdout } = await run(process.execPath, ['-e', script, join(unpackedIn(app), SQLITE)], {
      cwd: extracted,
    });
    if (!/^3\./.test(stdout)) throw new Error(`answered ${stdout}`);
    return `SQLite ${stdout}`;
  },
  'keytar loads': async ({ app, files }) => {
    if (!files.includes(KEYTAR)) {
      if (existsSync(join(ROOT, KEYTAR))) throw new Error('built here, but not packaged');
      return 'NOT CHECKED: keytar is not built on this machine (it needs libsecret-1-dev), so this package has no keychain';
    }
    const script = 'process.stdout.write(typeof require(process.argv[1]).getPassword)';
    const { stdout } = await run(process.execPath, ['-e', script, join(unpackedIn(app), KEYTAR)]);
    if (stdout !== 'function') throw new Error('has no getPassword');
    return 'getPassword is there';
  },
  'ripgrep runs': async ({ app }) => {
    const program = join(unpackedIn(app), RIPGREP);
    await access(program, constants.X_OK);
    const { stdout } = await run(program, ['--version']);
    return stdout.split('\n', 1)[0] ?? '';
  },
  'the browser library loads': async ({ archive, work }) => {
    // Away from this checkout, whose node_modules would stand in for what is missing.
    const extracted = join(work, 'browser-library');
    extractAll(archive, extracted);
    const script = `import { chromium, devices } from 'playwright-core';
      import core from 'playwright-core/lib/coreBundle';
      const found = core.registry.registry.findExecutable('chromium-headless-shell');
      process.stdout.write([typeof chromium.launch, Object.keys(devices).length > 0, found.browserVersion].join(' '));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: extracted });
    if (!/^function true \d/.test(stdout)) throw new Error(`answered ${stdout}`);
    return `for Chromium ${stdout.split(' ')[2]}`;
  },
  fuses: async ({ app }) => {
    const wire = await getCurrentFuseWire(app.executable);
    if (wire.version !== FuseVersion.V1) throw new Error(`version ${wire.version}`);
    const wrong = FUSES.filter(([fuse, state]) => wire[fuse] !== state).map(([fuse]) => FuseV1Options[fuse]);
    if (wrong.length > 0) throw new Error(`not as they must be: ${wrong.join(', ')}`);
    return `${FUSES.length} as they must be`;
  },
  'other systems': async () => {
    const Config = z.object({
      publish: z.null(),
      protocols: z.tuple([z.object({ schemes: z.tuple([z.literal('fastband')]) })]),
      linux: z.object({ target: z.tuple([z.literal('AppImage'), z.literal('deb')]), icon: z.string() }),
      mac: z.object({
        target: z.tuple([z.literal('dmg'), z.literal('zip')]),
        icon: z.string(),
        hardenedRuntime: z.literal(true),
        entitlements: z.string(),
        entitlementsInherit: z.string(),
      }),
      win: z.object({ target: z.literal('nsis'), icon: z.string() }),
    });
    const { linux, mac, win } = Config.parse(
      parse(await readFile(join(ROOT, 'electron-builder.yml'), 'utf8')),
    );
    for (const file of [linux.icon, mac.icon, mac.entitlements, mac.entitlementsInherit, win.icon])
      await access(join(ROOT, file));
    return 'targets, deep link, icons and entitlements; no publish address';
  },
  size: async ({ app, archive, files }) => {
    const outside = [SQLITE, RIPGREP, KEYTAR].filter((file) => files.includes(file));
    const sizes = await Promise.all(
      [archive, ...outside.map((file) => join(unpackedIn(app), file))].map(
        async (path) => (await stat(path)).size,
      ),
    );
    const megabytes = sizes.map((size) => (size / 1e6).toFixed(1));
    const total = sizes.reduce((sum, size) => sum + size, 0) / 1e6;
    if (total > MAX_MB) throw new Error(`${total.toFixed(1)} MB, more than ${MAX_MB}`);
    return `${total.toFixed(1)} MB without Electron: archive ${megabytes[0]}, outside it ${megabytes.slice(1).join(' + ')}`;
  },
};

/** Packages what is built, with a stand-in for Electron on Linux, and says what holds of it. @returns the exit code */
export async function main(): Promise<number> {
  const work = await mkdtemp(join(tmpdir(), 'fastband-dist-'));
  try {
    const electronDist =
      process.platform === 'linux' ? await writeStub(join(work, 'electron')) : electronFolder();
    if (electronDist === undefined) {
      console.error('Without Electron only a package for Linux can be checked, on Linux.');
      return 1;
    }
    const { app } = await packageApp({ electronDist, installers: false, output: join(work, 'out') });
    const archive = join(app.resources, 'app.asar');
    const files = await filesIn(archive);
    const failed: string[] = [];
    console.log(`ok    configuration and packaging: ${process.platform} ${process.arch}`);
    for (const [name, check] of Object.entries(CHECKS)) {
      try {
        console.log(`ok    ${name}: ${await check({ app, archive, files, work })}`);
      } catch (error) {
        failed.push(name);
        console.log(`FAIL  ${name}: ${error instanceof Error ? error.message : error}`);
      }
    }
    const passed = Object.keys(CHECKS).length + 1 - failed.length;
    console.log(
      `${passed} passed, ${failed.length} failed${failed.length > 0 ? `: ${failed.join(', ')}` : ''}`,
    );
    return failed.length === 0 ? 0 : 1;
  } catch (error) {
    console.log(`FAIL  configuration and packaging: ${error instanceof Error ? error.message : error}`);
    console.log('0 passed, 1 failed: configuration and packaging');
    return 1;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const unpackedIn = (app: Packaged) => join(app.resources, 'app.asar.unpacked');

/** The names of the files, without folders, with `/` everywhere. */
async function filesIn(archive: string): Promise<string[]> {
  const names = listPackage(archive, { isPack: false }).map((name) =>
    name.replaceAll('\\', '/').replace(/^\//, ''),
  );
  const folders = new Set(names.map((name) => dirname(name)));
  return names.filter((name) => !folders.has(name));
}
