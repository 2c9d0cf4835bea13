import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { placeOn, WindowState } from './window-state.ts';

// The engine beneath it, which asks for no Electron.
vi.mock('electron-store', async () => ({ default: (await import('conf')).default }));

const SCREEN = { x: 0, y: 0, width: 1920, height: 1080 };
const RIGHT = { x: 1920, y: 0, width: 1280, height: 1024 };
const at = (x: number, y: number) => ({ x, y, width: 900, height: 640 });

describe('the place of a window', () => {
  it.each([
    ['on the screen', at(100, 50), [SCREEN]],
    ['on a second screen', at(2000, 50), [SCREEN, RIGHT]],
    ['across both', at(1500, 50), [SCREEN, RIGHT]],
    ['partly beside the screen', at(-700, 50), [SCREEN]],
  ])('%s is kept', (_name, bounds, screens) => expect(placeOn(bounds, screens)).toEqual(bounds));

  it.each([
    ['on a screen that was unplugged', at(2000, 50), [SCREEN]],
    ['above every screen, where nobody could grasp its title', at(100, -200), [SCREEN]],
    ['below it', at(100, 1060), [SCREEN]],
    ['all but beside it', at(-860, 50), [SCREEN]],
    ['that was never known', { width: 900, height: 640 }, [SCREEN]],
  ])('%s is the middle again, in the same size', (_name, bounds, screens) =>
    expect(placeOn(bounds, screens)).toEqual({ width: 900, height: 640 }),
  );

  it.each([undefined, 'large', { width: 1, height: 640 }, { width: 900 }, { width: 1e9, height: 640 }])(
    'that makes no sense is none: %j',
    (bounds) => expect(placeOn(bounds, [SCREEN])).toBeUndefined(),
  );
});

describe('what is remembered of the window', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'fastband-window-'));
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  it('is there at the next start', () => {
    const state = new WindowState(home);
    expect([state.bounds([SCREEN]), state.firstClose(), state.firstClose()]).toEqual([
      undefined,
      true,
      false,
    ]);
    state.keepBounds(at(100, 50));
    const next = new WindowState(home);
    expect([next.bounds([SCREEN]), next.firstClose()]).toEqual([at(100, 50), false]);
  });

  it('costs nothing when its file is broken', () => {
    writeFileSync(join(home, 'window.json'), '{ broken');
    expect(new WindowState(home).bounds([SCREEN])).toBeUndefined();
  });
});
