/** A window as the app sees it when it quits. */
export interface OpenWindow {
  /** False when the window or its page said no. */
  tryClose(): Promise<boolean>;
}

const windows = new Set<OpenWindow>();

export function openWindows(): readonly OpenWindow[] {
  return [...windows];
}

export function addWindow(window: OpenWindow): () => void {
  windows.add(window);
  return () => windows.delete(window);
}
