import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { AppUpdater } from 'electron-updater';
import type { Log } from '../ports.ts';
import type { Updater } from './updates.ts';

type Inner = Pick<
  AppUpdater,
  | 'autoDownload'
  | 'autoInstallOnAppQuit'
  | 'autoRunAppAfterInstall'
  | 'allowDowngrade'
  | 'allowPrerelease'
  | 'disableWebInstaller'
  | 'channel'
  | 'logger'
  | 'checkForUpdates'
  | 'downloadUpdate'
  | 'quitAndInstall'
  | 'on'
  | 'off'
  | 'once'
>;

/**
 * The updater of a packaged app whose package knows where versions are: electron-builder writes `app-update.yml` when
 * it is told where they will be published.
 *
 * @param resources - the package's folder for resources
 * @returns the updater, or why there is none
 */
export async function openUpdater(
  packaged: boolean,
  resources: string | undefined,
  log: Log,
): Promise<Updater | 'sources' | 'noFeed'> {
  if (!packaged) return 'sources';
  const configured = await access(join(resources ?? '', 'app-update.yml')).then(
    () => true,
    () => false,
  );
  if (!configured) return 'noFeed';
  // Large, and needed by few: not loaded before. CommonJS: bundled, it has no names but this one.
  const { autoUpdater } = (await import('electron-updater')).default;
  // On Linux an app that was merely unpacked has nothing that could be replaced.
  return autoUpdater.isUpdaterActive() ? updaterOf(autoUpdater, log) : 'noFeed';
}

/**
 * electron-updater, fetching and installing only when told to. Its own checks stay as they are: the publisher's
 * signature on Windows and macOS, the hash in the feed everywhere.
 */
export function updaterOf(inner: Inner, log: Log): Updater {
  const say = (level: 'debug' | 'warn' | 'error') => (text: unknown) =>
    log[level]({ from: 'electron-updater' }, String(text));
  inner.logger = { debug: say('debug'), info: say('debug'), warn: say('warn'), error: say('error') };
  inner.autoDownload = false;
  inner.autoInstallOnAppQuit = false;
  inner.autoRunAppAfterInstall = true;
  // What a web installer loads afterwards may be unsigned.
  inner.disableWebInstaller = true;
  return {
    check: async (channel) => {
      inner.channel = channel;
      // Choosing a channel switches this on: an old version with known holes could be offered as new.
      inner.allowDowngrade = false;
      inner.allowPrerelease = channel === 'beta';
      const result = await inner.checkForUpdates();
      if (result === null || !result.isUpdateAvailable) return undefined;
      const { updateInfo, cancellationToken } = result;
      return {
        version: updateInfo.version,
        download: async (progress) => {
          const told = ({ percent }: { percent: number }) => progress(percent);
          inner.on('download-progress', told);
          try {
            await inner.downloadUpdate(cancellationToken);
          } finally {
            inner.off('download-progress', told);
          }
        },
        cancel: () => cancellationToken?.cancel(),
      };
    },
    install: (failed) => {
      inner.once('error', failed);
      inner.quitAndInstall(true, true);
    },
  };
}
