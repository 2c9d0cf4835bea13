import { contextBridge, ipcRenderer, webUtils } from 'electron';
import { EVENT_MESSAGE, WINDOWS, type WindowKind } from '../contract/windows.ts';

/**
 * Puts one window's channels on its page as `window.fastband`: a function for each name, and nothing that takes a
 * name. `ipcRenderer` itself never crosses (Electron security checklist, 20).
 */
export function expose(kind: WindowKind): void {
  const { channels, desktop } = WINDOWS[kind];
  const calls = (names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, (input: unknown) => ipcRenderer.invoke(name, input)]));
  contextBridge.exposeInMainWorld('fastband', {
    kind,
    channels: calls(channels),
    desktop: calls(desktop),
    /** Where a file is that a person dropped on the page; empty for one that a script made. */
    ...(kind === 'main' ? { pathOf: (file: File) => webUtils.getPathForFile(file) } : {}),
    subscribe(listener: (event: unknown) => void) {
      // The event of IPC holds the sender, so it stays here.
      const told = (_: unknown, event: unknown) => listener(event);
      ipcRenderer.on(EVENT_MESSAGE, told);
      return () => {
        ipcRenderer.off(EVENT_MESSAGE, told);
      };
    },
  });
}
