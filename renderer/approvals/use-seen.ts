import { useEffect, useState } from 'react';

/**
 * Whether everything marked `data-must-see` inside an element has been in view. A warning that was scrolled past
 * counts; one that lies below the edge of the window does not.
 */
export function useSeen(root: HTMLElement | null, count: number): boolean {
  const [left, setLeft] = useState<ReadonlySet<Element>>();
  useEffect(() => {
    if (root === null || count === 0) return;
    const marked = new Set(root.querySelectorAll('[data-must-see]'));
    const observer = new IntersectionObserver(
      (entries) => {
        for (const { isIntersecting, target } of entries) {
          if (!isIntersecting) continue;
          marked.delete(target);
          observer.unobserve(target);
        }
        setLeft(new Set(marked));
      },
      { threshold: 0.9 },
    );
    for (const element of marked) observer.observe(element);
    return () => observer.disconnect();
  }, [root, count]);
  return count === 0 || left?.size === 0;
}
