import { useEffect, useRef } from 'react';

/** What was typed or clicked for what was there before must not answer what is there now. */
const GUARD_MS = 500;

/**
 * Whether an answer can be meant: what asks has been in sight for a moment, and, for a key, its window has had the
 * keyboard for as long. Whoever types into another program while this window comes up does not mean it.
 */
export function useGuard(): (byKey: boolean) => boolean {
  const shownAt = useRef(performance.now());
  const focusedAt = useRef(performance.now());
  useEffect(() => {
    const focused = () => {
      focusedAt.current = performance.now();
    };
    const turned = () => {
      if (document.visibilityState === 'visible') shownAt.current = performance.now();
    };
    window.addEventListener('focus', focused);
    document.addEventListener('visibilitychange', turned);
    return () => {
      window.removeEventListener('focus', focused);
      document.removeEventListener('visibilitychange', turned);
    };
  }, []);
  return (byKey) => {
    // A click that brings the window to the front is aimed at what it hits: it need not wait.
    const since = byKey ? Math.max(shownAt.current, focusedAt.current) : shownAt.current;
    return performance.now() - since >= GUARD_MS;
  };
}
