import { useEffect, useState } from 'react';
import styles from './section-index.module.css';

/** Sections of a long page, with the one in view marked. They are no pages of their own: the address stays. */
export function SectionIndex({
  label,
  entries,
}: {
  readonly label: string;
  readonly entries: readonly { readonly id: string; readonly name: string }[];
}) {
  const [current, setCurrent] = useState(entries[0]?.id);
  const ids = entries.map(({ id }) => id).join(' ');
  useEffect(() => {
    const inView = new Set<string>();
    const observer = new IntersectionObserver(
      (changes) => {
        for (const { target, isIntersecting } of changes)
          if (isIntersecting) inView.add(target.id);
          else inView.delete(target.id);
        const first = ids.split(' ').find((id) => inView.has(`section-${id}`));
        if (first !== undefined) setCurrent(first);
      },
      { rootMargin: '-60px 0px -50% 0px' },
    );
    for (const id of ids.split(' ')) {
      const section = document.getElementById(`section-${id}`);
      if (section !== null) observer.observe(section);
    }
    return () => observer.disconnect();
  }, [ids]);

  return (
    <nav className={styles.index} aria-label={label}>
      {entries.map(({ id, name }) => (
        <button
          key={id}
          type="button"
          className={styles.entry}
          aria-current={id === current ? 'true' : undefined}
          onClick={() => {
            setCurrent(id);
            const section = document.getElementById(`section-${id}`);
            section?.scrollIntoView({ block: 'start' });
            section?.focus({ preventScroll: true });
          }}
        >
          {name}
        </button>
      ))}
    </nav>
  );
}
