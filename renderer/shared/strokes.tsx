import { keyNames } from './hotkeys.ts';
import { useMessages } from './language.ts';
import styles from './strokes.module.css';

/** Keys as they are on the keyboard; one after the other with "then" between. */
export function Strokes({ keys }: { readonly keys: string }) {
  const m = useMessages();
  return (
    <span className={styles.strokes}>
      {keyNames(keys).map((name, at) => (
        <span key={`${name} ${keys.slice(0, at)}`}>
          {at > 0 && <small>{m.palette.after} </small>}
          <kbd>{name}</kbd>
        </span>
      ))}
    </span>
  );
}
