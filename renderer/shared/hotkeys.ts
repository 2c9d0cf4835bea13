import { useEffect, useRef, useSyncExternalStore } from 'react';

/**
 * A key that does something: `n`, `?`, `mod+k` (Ctrl, or Command on a Mac), or one after the other: `g a`.
 * `label` is what the list of keys says.
 */
export interface Hotkey {
  readonly keys: string;
  readonly label: string;
  readonly group: string;
}
/** An entry of the command palette. */
export interface CommandEntry {
  readonly id: string;
  readonly label: string;
  readonly group: string;
  readonly keys?: string;
  readonly run: () => void;
}

const SEQUENCE_MS = 1000;
export const IS_MAC = /mac|iphone|ipad/i.test(navigator.userAgent);

/** What is there now, in the order that it came. */
class Registry<T> {
  #items: readonly T[] = [];
  readonly #listeners = new Set<() => void>();
  readonly get = (): readonly T[] => this.#items;
  readonly subscribe = (changed: () => void): (() => void) => {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  };
  add(item: T): () => void {
    this.#set([...this.#items, item]);
    return () => this.#set(this.#items.filter((one) => one !== item));
  }
  #set(items: readonly T[]): void {
    this.#items = items;
    for (const changed of this.#listeners) changed();
  }
}

const hotkeys = new Registry<Hotkey & { readonly run?: () => void }>();
const commands = new Registry<CommandEntry>();

/** Does `run` on a key, wherever nothing is typed into and no dialog is open, and lists it under `?`. */
export function useHotkey(
  keys: string,
  label: string,
  run: () => void,
  options: { readonly group?: string; readonly enabled?: boolean } = {},
): void {
  const latest = useRef(run);
  latest.current = run;
  const { group = '', enabled = true } = options;
  useEffect(() => {
    if (!enabled) return;
    return hotkeys.add({ keys, label, group, run: () => latest.current() });
  }, [keys, label, group, enabled]);
}

/** Lists under `?` a key that a control of the page takes by itself, such as the arrows of a list. */
export function useListedKey(keys: string, label: string, group = ''): void {
  useEffect(() => hotkeys.add({ keys, label, group }), [keys, label, group]);
}

/** Does what a key would do, from a menu or the palette. */
export function pressHotkey(keys: string): void {
  hotkeys
    .get()
    .findLast((one) => one.keys === keys && one.run !== undefined)
    ?.run?.();
}

/** Puts an entry into the command palette for as long as the component is there. */
export function useCommandEntry(entry: CommandEntry): void {
  const latest = useRef(entry.run);
  latest.current = entry.run;
  const { id, label, group, keys } = entry;
  useEffect(
    () =>
      commands.add({
        id,
        label,
        group,
        ...(keys === undefined ? {} : { keys }),
        run: () => latest.current(),
      }),
    [id, label, group, keys],
  );
}

export function useHotkeys(): readonly Hotkey[] {
  return useSyncExternalStore(hotkeys.subscribe, hotkeys.get);
}

export function useCommandEntries(): readonly CommandEntry[] {
  return useSyncExternalStore(commands.subscribe, commands.get);
}

const NAMES: Readonly<Record<string, string>> = {
  mod: IS_MAC ? '⌘' : 'Ctrl',
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  Escape: 'Esc',
};

/** How a key is written for this platform: `⌘K`, `Ctrl K`, `G A`, `↓`. */
export function keyNames(keys: string): string[] {
  return keys.split(' ').map((stroke) =>
    stroke
      .split('+')
      .map((part) => NAMES[part] ?? (part.length === 1 ? part.toUpperCase() : part))
      .join(IS_MAC ? '' : ' '),
  );
}

/** Whether what is typed goes into something. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName)) &&
    !(target instanceof HTMLInputElement && ['checkbox', 'radio', 'button'].includes(target.type))
  );
}

/** With every modifier but Shift: whoever presses Alt and A, or the system's own key and A, does not mean A. */
function strokeOf(event: KeyboardEvent): string {
  const mod = IS_MAC ? event.metaKey : event.ctrlKey;
  const other = IS_MAC ? event.ctrlKey : event.metaKey;
  return `${mod ? 'mod+' : ''}${other ? 'other+' : ''}${event.altKey ? 'alt+' : ''}${event.key.length === 1 ? event.key.toLowerCase() : event.key}`;
}

/**
 * What lies over the page while it is there: whoever types into it does not mean the page behind. A word in the corner
 * says of itself that it is a dialog too, but not a modal one: it keeps nobody from the page.
 */
const OVER =
  ':is([role="dialog"], [role="alertdialog"], [role="menu"], [role="listbox"]):not([aria-modal="false"])';

let before = '';
let beforeAt = 0;

window.addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.repeat) return;
  const stroke = strokeOf(event);
  if (!stroke.startsWith('mod+') && (isTyping(event.target) || document.querySelector(OVER) !== null)) return;
  const now = event.timeStamp;
  const sequence = before !== '' && now - beforeAt < SEQUENCE_MS ? `${before} ${stroke}` : undefined;
  // The last one that came is the innermost: a page's key goes before the frame's.
  const runOf = (wanted: string | undefined) =>
    hotkeys.get().findLast(({ keys, run }) => keys === wanted && run !== undefined)?.run;
  const run = runOf(sequence) ?? runOf(stroke);
  before = run === undefined ? stroke : '';
  beforeAt = now;
  if (run === undefined) return;
  event.preventDefault();
  run();
});
