import { useState } from 'react';

/** Columns that can be put away. Time and what happened always stay. */
export const COLUMNS = ['who', 'effects', 'took'] as const;
export type Column = (typeof COLUMNS)[number];

const KEPT = 'fastband.activity.columns';

/** Which columns are shown, as this window was left. */
export function useColumns(): [ReadonlySet<Column>, (name: Column) => void] {
  const [shown, setShown] = useState<ReadonlySet<Column>>(recall);
  const turn = (name: Column) => {
    const next = new Set(shown);
    if (!next.delete(name)) next.add(name);
    setShown(next);
    try {
      localStorage.setItem(KEPT, JSON.stringify([...next]));
    } catch {
      // Storage is off in this browser: it holds until the page is left.
    }
  };
  return [shown, turn];
}

function recall(): ReadonlySet<Column> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT) ?? 'null');
    if (Array.isArray(kept)) return new Set(COLUMNS.filter((name) => kept.includes(name)));
  } catch {
    // As above.
  }
  return new Set(COLUMNS);
}
