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

/** Files of a stand-in for Electron on Linux: nothing runs, every fuse the wrong way round, and things to take out. */
export function stubElectron(): ReadonlyMap<string, Buffer> {
  const fuses = Array.from({ length: 9 }, (_, at) =>
    FUSES.find(([fuse]) => fuse === at)?.[1] === FuseState.ENABLE ? FuseState.DISABLE : FuseState.ENABLE,
  );
  const text = (value: string) => Buffer.from(value);
  return new Map([
    ['electron', Buffer.concat([text('no Electron '), FUSE_HEAD, Buffer.from(fuses)])],
    ['LICENSE', text('Electron')],
    ['LICENSES.chromium.html', text('Chromium')],
    ['resources/default_app.asar', text('no archive')],
    ['locales/en-US.pak', text('')],
    ['locales/de.pak', text('')],
    ['locales/fr.pak', text('')],
  ]);
}
