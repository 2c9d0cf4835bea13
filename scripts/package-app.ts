import { copyFile, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type AfterPackContext, build, type Configuration, LinuxPackager, Platform } from 'electron-builder';

const ROOT = join(import.meta.dirname, '..');
/** Where an unpacked Electron keeps what it is besides the binary. */
const RESOURCES = process.platform === 'darwin' ? 'Electron.app/Contents/Resources' : 'resources';
/** What must go with every copy of Electron, and the names that it goes by. */
const ELECTRON_LICENCES = [
  ['LICENSE', 'LICENSE.electron.txt'],
  ['LICENSES.chromium.html', 'LICENSES.chromium.html'],
] as const;

/** Where a packaged app and its parts are. */
export interface Packaged {
  readonly folder: string;
  /** Holds `app.asar` and `app.asar.unpacked`. */
  readonly resources: string;
  /** The file that carries the fuses, or leads to it. */
  readonly executable: string;
}

/**
 * Packages what is in `dist` for this machine, as `electron-builder.yml` says.
 *
 * @param options - `electronDist`: a folder with Electron in it. `installers`: false makes the app's folder only.
 *   `output`: where it goes, else where the configuration says
 * @throws whatever electron-builder does: a bad configuration, a tool that it cannot get
 */
export async function packageApp(options: {
  readonly electronDist: string;
  readonly installers: boolean;
  readonly output?: string;
}): Promise<{ readonly app: Packaged; readonly files: readonly string[] }> {
  const { electronDist, installers, output } = options;
  const unused = JSON.parse(await readFile(join(ROOT, 'dist', '.command-line.json'), 'utf8')) as string[];
  let app: Packaged | undefined;
  const files = await build({
    projectDir: ROOT,
    publish: 'never',
    targets: Platform.current().createTarget(installers ? undefined : 'dir'),
    // Beside what the file says.
    config: {
      electronDist,
      ...(output === undefined ? {} : { directories: { output } }),
      // Here and not in `config`: electron-builder would put it before the file's own list, and the last match counts.
      beforePack: (context) => leaveOut(context.packager.config, unused),
      // Electron's own example app: it would be loaded if ours were missing.
      afterExtract: ({ appOutDir }) => rm(join(appOutDir, RESOURCES, 'default_app.asar'), { force: true }),
      afterPack: async (context) => {
        app = partsOf(context);
        // On a Mac they lie beside the app, and only the app is shipped.
        if (context.electronPlatformName === 'darwin')
          for (const [from, to] of ELECTRON_LICENCES)
            await copyFile(join(electronDist, from), join(app.resources, to));
      },
    },
  });
  if (app === undefined) throw new Error('electron-builder packaged nothing.');
  return { app, files };
}

function leaveOut(config: Configuration, unused: readonly string[]): void {
  const [set] = [config.files].flat();
  if (typeof set !== 'object' || set === null)
    throw new Error('electron-builder.yml has no list of files to leave the command line out of.');
  set.filter = [...[set.filter ?? []].flat(), ...unused.map((file) => `!dist/${file}`)];
}

function partsOf({ packager, appOutDir: folder }: AfterPackContext): Packaged {
  const name = packager.appInfo.productFilename;
  const executable =
    packager instanceof LinuxPackager
      ? packager.executableName
      : `${name}${packager.platform === Platform.MAC ? '.app' : '.exe'}`;
  return { folder, resources: packager.getResourcesDir(folder), executable: join(folder, executable) };
}
