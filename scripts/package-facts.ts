import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FuseState, FuseV1Options } from '@electron/fuses';

// What a packaged Fastband must be. Written down apart from `electron-builder.yml`: a slip there must not change both.

const { platform, arch } = process;
const RG = platform === 'win32' ? 'rg.exe' : 'rg';

export const SQLITE = `node_modules/better-sqlite3/prebuilds/${platform}-${arch}.node`;
export const KEYTAR = 'node_modules/keytar/build/Release/keytar.node';
export const RIPGREP = `node_modules/@vscode/ripgrep-${platform}-${arch}/bin/${RG}`;

/** Files that the app does not work without. */
export const NEEDED = [
  'package.json',
  'dist/main.js',
  'dist/reader-worker.js',
  'dist/policy-worker.js',
  'dist/page-worker.js',
  'dist/compare-worker.js',
  'dist/sqlite-process.js',
  'dist/licences.json',
  'dist/preload/main.cjs',
  'dist/preload/approval.cjs',
  'dist/renderer/index.html',
  'dist/renderer/approval.html',
  ...['off', 'on', 'waiting', 'error'].flatMap((state) =>
    ['-dark', '-light', 'Template'].map((kind) => `resources/tray/${state}${kind}.png`),
  ),
  SQLITE,
  RIPGREP,
  'node_modules/playwright-core/browsers.json',
];

/** Everything that may be inside. No sources, source maps or tests, nothing of other platforms, no command line. */
const ALLOWED = [
  /^package\.json$/,
  /^dist\/(?!cli\b)[\w-]+\.js$/,
  /^dist\/licences\.json$/,
  /^dist\/preload\/(main|approval)\.cjs$/,
  /^dist\/renderer\/((index|approval)\.html|favicon\.svg)$/,
  /^dist\/renderer\/assets\/[\w.-]+(?<!\.test)\.(js|css|svg|png|woff2)$/,
  /^resources\/tray\/[\w@-]+\.png$/,
  /^node_modules\/(better-sqlite3|keytar|@vscode\/ripgrep)\/(package\.json|lib\/[\w/-]+\.js)$/,
  /^node_modules\/playwright-core\/(package\.json|index\.m?js|browsers\.json|LICENSE|NOTICE|ThirdPartyNotices\.txt)$/,
  /^node_modules\/playwright-core\/lib\/(bootstrap|coreBundle|package|utilsBundle)\.js(\.LICENSE)?$/,
  new RegExp(`^node_modules/@vscode/ripgrep-${platform}-${arch}/package\\.json$`),
];

/** Whether a file may be inside the app. */
export function mayBeInside(file: string): boolean {
  return [SQLITE, KEYTAR, RIPGREP].includes(file) || ALLOWED.some((one) => one.test(file));
}

/** The fuses and what they must be burnt to; one that is not named is Electron's own affair. */
export const FUSES: readonly (readonly [FuseV1Options, FuseState])[] = [
  [FuseV1Options.RunAsNode, FuseState.DISABLE],
  [FuseV1Options.EnableCookieEncryption, FuseState.ENABLE],
  [FuseV1Options.EnableNodeOptionsEnvironmentVariable, FuseState.DISABLE],
  [FuseV1Options.EnableNodeCliInspectArguments, FuseState.DISABLE],
  [FuseV1Options.EnableEmbeddedAsarIntegrityValidation, FuseState.ENABLE],
  [FuseV1Options.OnlyLoadAppFromAsar, FuseState.ENABLE],
  [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot, FuseState.DISABLE],
  [FuseV1Options.GrantFileProtocolExtraPrivileges, FuseState.DISABLE],
];

/** The sentinel by which the fuses are found in Electron's binary, then their version and number. */
const FUSE_HEAD = Buffer.concat([Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'), Buffer.from([1, 9])]);

/**
 * Makes a stand-in for Electron on Linux: nothing runs, every fuse is the wrong way round, and there are things to
 * take out. @returns the folder
 */
export async function writeStub(folder: string): Promise<string> {
  const fuses = Array.from({ length: 9 }, (_, at) =>
    FUSES.find(([fuse]) => fuse === at)?.[1] === FuseState.ENABLE ? FuseState.DISABLE : FuseState.ENABLE,
  );
  const files = {
    electron: Buffer.concat([Buffer.from('no Electron '), FUSE_HEAD, Buffer.from(fuses)]),
    LICENSE: 'Electron',
    'LICENSES.chromium.html': 'Chromium',
    'resources/default_app.asar': 'no archive',
    'locales/en-US.pak': '',
    'locales/de.pak': '',
    'locales/fr.pak': '',
  };
  for (const [name, data] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), data, { mode: 0o755 });
  }
  return folder;
}
