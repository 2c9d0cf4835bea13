import { lazy, Suspense, useState } from 'react';
import { PAGE_IDS, type PageId } from '../../contract/page-ids.ts';
import { useHotkey } from '../shared/hotkeys.ts';
import { useMessages } from '../shared/language.ts';
import { goTo } from '../shared/route.ts';
import { PAGE_KEYS } from './page-keys.ts';

const Palette = lazy(() => import('./palette.tsx').then((one) => ({ default: one.Palette })));

/** The keys that work on every page, and the palette behind one of them. It is loaded when it is first asked for. */
export function Keys() {
  const m = useMessages();
  const [open, setOpen] = useState(false);
  useHotkey('mod+k', m.palette.title, () => setOpen(!open), { group: m.palette.everywhere });
  return (
    <>
      {PAGE_IDS.map((id) => (
        <PageKey key={id} id={id} />
      ))}
      {open && (
        <Suspense fallback={null}>
          <Palette onClose={() => setOpen(false)} />
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
