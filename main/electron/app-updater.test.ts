import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../core/testing.ts';
import { openUpdater, updaterOf } from './app-updater.ts';

describe('whether there is an updater', () => {
  it('there is none from sources, nor in a package that knows no address', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fastband-updater-'));
    try {
      expect(await openUpdater(false, folder, silentLog)).toBe('sources');
      expect(await openUpdater(true, folder, silentLog)).toBe('noFeed');
      expect(await openUpdater(true, undefined, silentLog)).toBe('noFeed');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** electron-updater as far as it is used; like the real one, it allows going back when a channel is set. */
class FakeInner extends EventEmitter {
  autoDownload = true;
  autoInstallOnAppQuit = true;
  autoRunAppAfterInstall = false;
  allowDowngrade = false;
  allowPrerelease = false;
  disableWebInstaller = false;
  logger = null;
  verifyUpdateCodeSignature = 'its own';
  readonly calls: unknown[] = [];
  result: unknown = null;
  #channel: string | null = null;

  get channel(): string | null {
    return this.#channel;
  }

  set channel(value: string | null) {
    this.#channel = value;
    this.allowDowngrade = true;
  }

  async checkForUpdates(): Promise<unknown> {
    this.calls.push(['check', this.channel, this.allowDowngrade, this.allowPrerelease]);
    return this.result;
  }

  async downloadUpdate(token: unknown): Promise<string[]> {
    this.calls.push(['download', token]);
    this.emit('download-progress', { percent: 12 });
    return [];
  }

  quitAndInstall(...args: unknown[]): void {
    this.calls.push(['install', ...args]);
  }
}

function made() {
  const inner = new FakeInner();
  return { inner, updater: updaterOf(inner as never, silentLog) };
}

describe('electron-updater', () => {
  it('does nothing by itself, and keeps its own checks of signatures', () => {
    expect(made().inner).toMatchObject({
      autoDownload: false,
      autoInstallOnAppQuit: false,
      disableWebInstaller: true,
      verifyUpdateCodeSignature: 'its own',
    });
  });

  it.each(['latest', 'beta'] as const)(
    'never goes back to an older version, on channel %s [APP-9]',
    async (channel) => {
      const { inner, updater } = made();
      expect(await updater.check(channel)).toBeUndefined();
      expect(inner.calls).toEqual([['check', channel, false, channel === 'beta']]);
    },
  );

  it('finds nothing when what is there is not newer', async () => {
    const { inner, updater } = made();
    inner.result = { isUpdateAvailable: false, updateInfo: { version: '0.1.0' } };
    expect(await updater.check('latest')).toBeUndefined();
  });

  it('downloads what it found with progress, can be cancelled, and leaves no listener', async () => {
    const { inner, updater } = made();
    let cancelled = false;
    const cancellationToken = { cancel: () => (cancelled = true) };
    inner.result = { isUpdateAvailable: true, updateInfo: { version: '2.0.0' }, cancellationToken };
    const found = await updater.check('latest');
    const seen: number[] = [];
    await found?.download((percent) => seen.push(percent));
    found?.cancel();
    expect([found?.version, seen, cancelled]).toEqual(['2.0.0', [12], true]);
    expect(inner.calls.at(-1)).toEqual(['download', cancellationToken]);
    expect(inner.listenerCount('download-progress')).toBe(0);
  });

  it('starts the new version after installing, and tells when it cannot', () => {
    const { inner, updater } = made();
    const failed: unknown[] = [];
    updater.install((error) => failed.push(error));
    inner.emit('error', 'no');
    expect([inner.calls, failed]).toEqual([[['install', true, true]], ['no']]);
  });
});
