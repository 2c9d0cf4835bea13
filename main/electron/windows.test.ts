import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WINDOW_KINDS } from '../../contract/windows.ts';
import { silentLog } from '../core/testing.ts';
import { Windows, type WindowsOptions } from './windows.ts';

/** A window of Electron's that keeps what it is told. */
class FakeWindow {
  static readonly made: FakeWindow[] = [];
  readonly options: Electron.BrowserWindowConstructorOptions;
  readonly loaded: string[] = [];
  readonly sent: unknown[] = [];
  readonly listeners = new Map<string, ((event: { preventDefault(): void }) => void)[]>();
  shown = 0;
  hidden = 0;
  mark: unknown;
  reloads = 0;
  #crash = (_event: object, _details: { reason: string }) => {};
  /** What the page does when its window closes. */
  page: 'goes' | 'has unsaved changes' | 'hangs' = 'goes';
  #refuse = () => {};
  readonly webContents = {
    on: (_name: string, listener: (event: object, details: { reason: string }) => void) => {
      this.#crash = listener;
    },
    once: (_name: string, listener: () => void) => {
      this.#refuse = listener;
    },
    reload: () => void this.reloads++,
    getURL: () => this.loaded.at(-1) ?? '',
    send: (_channel: string, event: unknown) => void this.sent.push(event),
  };

  constructor(options: Electron.BrowserWindowConstructorOptions) {
    this.options = options;
    FakeWindow.made.push(this);
  }

  on(name: string, listener: (event: { preventDefault(): void }) => void): void {
    this.listeners.set(name, [...(this.listeners.get(name) ?? []), listener]);
  }

  once(name: string, listener: (event: { preventDefault(): void }) => void): void {
    this.on(name, listener);
  }

  emit(name: string): boolean {
    let prevented = false;
    for (const listener of this.listeners.get(name) ?? [])
      listener({ preventDefault: () => (prevented = true) });
    return prevented;
  }

  /** As when the page's process is gone. */
  crash(reason: string): void {
    this.#crash({}, { reason });
  }

  async loadURL(url: string): Promise<void> {
    this.loaded.push(url);
  }

  close(): void {
    if (this.emit('close')) return;
    if (this.page === 'goes') this.destroy();
    if (this.page === 'has unsaved changes') this.#refuse();
  }

  destroy(): void {
    this.emit('closed');
  }

  show(): void {
    this.shown++;
  }

  hide(): void {
    this.hidden++;
  }

  focus(): void {}

  isMinimized(): boolean {
    return false;
  }

  getNormalBounds(): object {
    return { x: 1, y: 2, width: 800, height: 600 };
  }

  setOverlayIcon(mark: unknown): void {
    this.mark = mark;
  }
}

vi.mock('electron', () => ({
  get BrowserWindow() {
    return FakeWindow;
  },
  nativeTheme: { shouldUseDarkColors: true },
  nativeImage: { createFromPath: (path: string) => path },
}));

beforeEach(() => {
  FakeWindow.made.length = 0;
});

function windows(more: Partial<WindowsOptions> = {}): Windows {
  return new Windows({
    preloads: '/dist/preload',
    packaged: true,
    badge: '/badge.png',
    log: silentLog,
    onMainClose: () => true,
    bounds: () => undefined,
    ...more,
  });
}

/** Both windows, made. */
function both(more: Partial<WindowsOptions> = {}): { all: Windows; main: FakeWindow; approval: FakeWindow } {
  const all = windows(more);
  all.openMain({ hidden: false });
  all.showApproval('one');
  const [main, approval] = FakeWindow.made;
  if (main === undefined || approval === undefined) throw new Error('two windows should have been made');
  return { all, main, approval };
}

describe('every window', () => {
  it.each(WINDOW_KINDS)('%s is closed to the page and has a preload of its own [APP-1]', (kind) => {
    const made = both()[kind];
    expect(made.options.webPreferences).toMatchObject({
      preload: `/dist/preload/${kind}.cjs`,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
    });
  });

  it.each(WINDOW_KINDS)('%s has developer tools only while developing', (kind) => {
    expect(both({ packaged: true })[kind].options.webPreferences?.devTools).toBe(false);
    FakeWindow.made.length = 0;
    expect(both({ packaged: false })[kind].options.webPreferences?.devTools).toBe(true);
  });

  it.each(WINDOW_KINDS)('%s is shown once it has painted, on a ground of its theme', (kind) => {
    const made = both()[kind];
    expect(made.options).toMatchObject({ show: false, backgroundColor: '#12171a' });
    expect(made.shown).toBe(0);
    made.emit('ready-to-show');
    expect(made.shown).toBe(1);
  });

  it.each(WINDOW_KINDS)('%s comes back after its page crashed, but not round and round', (kind) => {
    const made = both()[kind];
    made.crash('clean-exit');
    expect(made.reloads).toBe(0);
    made.crash('oom');
    made.crash('crashed');
    expect(made.reloads).toBe(1);
  });

  it('is known by its contents, and no other', () => {
    const { all, main, approval } = both();
    expect(all.kindOf(main.webContents as never)).toBe('main');
    expect(all.kindOf(approval.webContents as never)).toBe('approval');
    expect(all.kindOf({} as never)).toBeUndefined();
    approval.emit('closed');
    expect(all.kindOf(approval.webContents as never)).toBeUndefined();
  });
});

describe('closing every window', () => {
  afterEach(() => vi.useRealTimers());

  it('asks nobody when nothing is unsaved', async () => {
    const { all } = both({ onMainClose: () => false });
    const asked = vi.fn(async () => true);
    expect(await all.closeAll(asked)).toBe(true);
    expect([asked.mock.calls, all.main, all.approval]).toEqual([[], undefined, undefined]);
  });

  it('leaves both as they were when the person stays for unsaved changes', async () => {
    const { all, main } = both({ onMainClose: () => false });
    main.page = 'has unsaved changes';
    expect(await all.closeAll(async () => false)).toBe(false);
    expect([all.main, all.approval]).not.toContain(undefined);
    expect(await all.closeAll(async () => true)).toBe(true);
    expect([all.main, all.approval]).toEqual([undefined, undefined]);
  });

  it('does not wait for a page that hangs', async () => {
    vi.useFakeTimers();
    const { all, main } = both({ onMainClose: () => false });
    main.page = 'hangs';
    const closed = all.closeAll(async () => false);
    await vi.advanceTimersByTimeAsync(5000);
    expect(await closed).toBe(true);
  });
});

describe('the main window', () => {
  it('that should begin hidden is not shown when it has painted', () => {
    windows().openMain({ hidden: true });
    FakeWindow.made[0]?.emit('ready-to-show');
    expect(FakeWindow.made[0]?.shown).toBe(0);
  });

  it('stays, hidden, when it is closed and the app goes on', () => {
    const { main } = both();
    expect(main.emit('close')).toBe(true);
    expect(main.hidden).toBe(1);
  });

  it('closes when the app ends', () => {
    const { main } = both({ onMainClose: () => false });
    expect(main.emit('close')).toBe(false);
    expect(main.hidden).toBe(0);
  });

  it('that shows a page already is not loaded anew: what was typed there stays', () => {
    const { all, main } = both();
    all.showMain('#/rules');
    all.showMain('#/rules');
    all.showMain();
    expect(main.loaded).toEqual(['app://fastband/index.html', 'app://fastband/index.html#/rules']);
    expect(FakeWindow.made).toHaveLength(2);
  });

  it('carries a mark on the taskbar while something waits', () => {
    const { all, main } = both();
    all.badge('1 approval waits');
    expect(main.mark).toBe('/badge.png');
    all.badge(undefined);
    expect(main.mark).toBeNull();
  });
});

describe('the approval window', () => {
  it('stands over everything else and goes to the approval that is asked for', () => {
    const { all, approval } = both();
    expect(approval.options.alwaysOnTop).toBe(true);
    all.showApproval('a/b#c');
    expect(approval.loaded).toEqual([
      'app://fastband/approval.html#one',
      'app://fastband/approval.html#a%2Fb%23c',
    ]);
  });

  it('keeps a half-written answer when it is only brought forward', () => {
    const { all, approval } = both();
    all.showApproval();
    expect(approval.loaded).toHaveLength(1);
    expect(approval.shown).toBe(1);
  });

  it('hears of approvals and of nothing else', () => {
    const { all, main, approval } = both();
    const added = { type: 'approval.added', approval: {} } as never;
    const row = { type: 'audit.row', row: {} } as never;
    all.tell(added);
    all.tell(row);
    expect(main.sent).toEqual([added, row]);
    expect(approval.sent).toEqual([added]);
  });
});
