import { lazy, Suspense, useState } from 'react';
import { useHotkey, useListedKey } from './hotkeys.ts';
import { useMessages } from './language.ts';

const Shortcuts = lazy(() => import('./shortcuts.tsx').then((one) => ({ default: one.Shortcuts })));

/** `?` lists the keys, in every window. The list is loaded when it is first asked for. */
export function ShortcutsKey() {
  const m = useMessages().palette;
  const [open, setOpen] = useState(false);
  useHotkey('?', m.shortcuts, () => setOpen(true), { group: m.everywhere });
  useListedKey('Escape', m.closes, m.everywhere);
  if (!open) return null;
  return (
    <Suspense fallback={null}>
      <Shortcuts onClose={() => setOpen(false)} />
    </Suspense>
  );
}
