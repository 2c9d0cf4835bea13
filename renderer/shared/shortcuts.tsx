import { Dialog } from './dialog.tsx';
import { type Hotkey, useHotkeys } from './hotkeys.ts';
import { useMessages } from './language.ts';
import styles from './shortcuts.module.css';
import { Strokes } from './strokes.tsx';

/** Every key that does something now, on this page and everywhere. */
export function Shortcuts({ onClose }: { readonly onClose: () => void }) {
  const m = useMessages();
  const groups = new Map<string, Hotkey[]>();
  const keys = useHotkeys();
  for (const key of keys) {
    // Without a group, it is the page's own.
    const group = key.group === '' ? m.palette.here : key.group;
    const known = groups.get(group) ?? [];
    if (!known.some((one) => one.keys === key.keys)) groups.set(group, [...known, key]);
  }
  const order = [m.palette.here, m.palette.everywhere];
  const rank = (group: string) => (order.indexOf(group) + order.length + 1) % (order.length + 1);
  return (
    <Dialog open onClose={onClose} title={m.palette.shortcuts}>
      {[...groups]
        .toSorted(([a], [b]) => rank(a) - rank(b))
        .map(([group, keys]) => (
          <section key={group} className={styles.keys}>
            <h3>{group}</h3>
            <dl>
              {keys.map(({ keys: strokes, label }) => (
                <div key={strokes}>
                  <dt>{label}</dt>
                  <dd>
                    <Strokes keys={strokes} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
    </Dialog>
  );
}
