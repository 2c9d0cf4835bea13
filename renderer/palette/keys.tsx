import { lazy, Suspense, useState } from 'react';
import { PAGE_IDS, type PageId } from '../../contract/page-ids.ts';
import { useHotkey } from '../shared/hotkeys.ts';
import { useMessages } from '../shared/language.ts';
import { goTo } from '../shared/route.ts';
import { PAGE_KEYS } from './page-keys.ts';

const Palette = lazy(() => import('./palette.tsx').then((one) => ({ default: one.Palette })));
const Shortcuts = lazy(() => import('./shortcuts.tsx').then((one) => ({ default: one.Shortcuts })));

/** The keys that work on every page, and the two dialogs behind them. Loaded when they are first asked for. */
export function Keys() {
  const m = useMessages();
  const [open, setOpen] = useState<'palette' | 'shortcuts'>();
  const close = () => setOpen(undefined);
  useHotkey('mod+k', m.palette.title, () => setOpen(open === 'palette' ? undefined : 'palette'), {
    group: m.palette.everywhere,
  });
  useHotkey('?', m.palette.shortcuts, () => setOpen('shortcuts'), { group: m.palette.everywhere });
  return (
    <>
      {PAGE_IDS.map((id) => (
        <PageKey key={id} id={id} />
      ))}
      {open !== undefined && (
        <Suspense fallback={null}>
          {open === 'palette' && <Palette onClose={close} onShortcuts={() => setOpen('shortcuts')} />}
          {open === 'shortcuts' && <Shortcuts onClose={close} />}
        </Suspense>
      )}
    </>
  );
}

function PageKey({ id }: { readonly id: PageId }) {
  const m = useMessages();
  useHotkey(`g ${PAGE_KEYS[id]}`, m.pages[id], () => goTo(id), { group: m.palette.goTo });
  return null;
}
