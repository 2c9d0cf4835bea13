/** What a person looks for often: the address's question, under a name. */
export interface View {
  readonly name: string;
  readonly query: string;
}

const KEPT = 'fastband.activity.views';
const MOST = 50;

/** Kept in the window's own storage; what is no view there is left out. */
export function readViews(): readonly View[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT) ?? '[]');
    return Array.isArray(kept) ? kept.filter(isView).slice(0, MOST) : [];
  } catch {
    return [];
  }
}

export function writeViews(views: readonly View[]): void {
  try {
    localStorage.setItem(KEPT, JSON.stringify(views.slice(-MOST)));
  } catch {
    // Storage is off in this browser: they hold until the page is left.
  }
}

function isView(value: unknown): value is View {
  const { name, query } = (value ?? {}) as Record<string, unknown>;
  return typeof name === 'string' && name !== '' && typeof query === 'string';
}
