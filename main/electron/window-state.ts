import Store from 'electron-store';
import { z } from 'zod';

const Bounds = z.object({
  x: z.int().optional(),
  y: z.int().optional(),
  width: z.int().min(420).max(20_000),
  height: z.int().min(420).max(20_000),
});
export type Bounds = { x?: number; y?: number; width: number; height: number };

interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What the shell remembers about its window. Nothing in it is a setting: losing it costs nobody anything. */
export class WindowState {
  readonly #store: Store<{ bounds?: unknown; closeExplained?: unknown }>;

  constructor(home: string) {
    this.#store = new Store({ name: 'window', cwd: home, clearInvalidConfig: true });
  }

  /** Where the window was, when that is still on a screen. */
  bounds(areas: readonly Area[]): Bounds | undefined {
    return placeOn(this.#store.get('bounds'), areas);
  }

  keepBounds(bounds: Bounds): void {
    this.#store.set('bounds', bounds);
  }

  /** True once: the first time that the window is closed. */
  firstClose(): boolean {
    if (this.#store.get('closeExplained') === true) return false;
    this.#store.set('closeExplained', true);
    return true;
  }
}

/** A title bar that no screen shows could not be grasped: such a window is put in the middle again. */
export function placeOn(stored: unknown, areas: readonly Area[]): Bounds | undefined {
  const parsed = Bounds.safeParse(stored);
  if (!parsed.success) return undefined;
  const { x, y, width, height } = parsed.data;
  if (x === undefined || y === undefined) return { width, height };
  const visible = areas.some(
    (area) =>
      y >= area.y && y < area.y + area.height - 40 && x + width > area.x + 80 && x < area.x + area.width - 80,
  );
  return visible ? { x, y, width, height } : { width, height };
}
