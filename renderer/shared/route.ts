import { useCallback, useEffect, useMemo, useSyncExternalStore } from 'react';
import { PAGE_IDS, type PageId } from '../../contract/page-ids.ts';

export type Params = Readonly<Record<string, string | undefined>>;

/** Asked before unsaved changes are left. True: go on. */
type Leave = () => Promise<boolean>;
/** Several may be there at once: on one page, more than one setting may hold what could not be saved. */
const guards = new Set<Leave>();
let agreed: string | undefined;
let current = window.location.hash;
const listeners = new Set<() => void>();

window.addEventListener('hashchange', () => {
  const wanted = window.location.hash;
  if (wanted === current) return;
  const [leave] = guards;
  // Also within a page: a link to the list of rules closes the rule that is being typed.
  if (leave === undefined || wanted === agreed) {
    agreed = undefined;
    return arrive(wanted);
  }
  // A change of the hash cannot be refused: it is taken back, and done again when the person says so.
  history.replaceState(null, '', current === '' ? '#/' : current);
  void leave().then((go) => {
    if (!go) return;
    agreed = wanted;
    window.location.hash = wanted;
  });
});

function arrive(hash: string): void {
  current = hash;
  for (const changed of listeners) changed();
}

function subscribe(changed: () => void): () => void {
  listeners.add(changed);
  return () => listeners.delete(changed);
}

/** The page in a location's hash (`#/activity?tool=x`); the overview when there is none. */
export function pageOf(hash: string): PageId {
  const id = hash.replace(/^#\//, '').split('?')[0] ?? '';
  return (PAGE_IDS as readonly string[]).includes(id) ? (id as PageId) : 'overview';
}

/** A link to a page: `hrefTo('activity', { tool: 'read_file' })`. */
export function hrefTo(page: PageId, params: Params = {}): string {
  const query = new URLSearchParams(
    Object.entries(params).filter(
      (pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== '',
    ),
  ).toString();
  return `#/${page}${query === '' ? '' : `?${query}`}`;
}

export function goTo(page: PageId, params: Params = {}): void {
  window.location.hash = hrefTo(page, params);
}

export function usePage(): PageId {
  return pageOf(useSyncExternalStore(subscribe, () => current));
}

/** What the address says beside the page, and how to change it. Undefined takes a name out. */
export function useHashParams(): [URLSearchParams, (change: Params, how?: { push?: boolean }) => void] {
  const hash = useSyncExternalStore(subscribe, () => current);
  const params = useMemo(() => new URLSearchParams(hash.split('?')[1] ?? ''), [hash]);
  const change = useCallback((patch: Params, how: { push?: boolean } = {}) => {
    const before = Object.fromEntries(new URLSearchParams(current.split('?')[1] ?? ''));
    const next = hrefTo(pageOf(current), { ...before, ...patch });
    if (next === current) return;
    if (how.push === true) history.pushState(null, '', next);
    else history.replaceState(null, '', next);
    arrive(next);
  }, []);
  return [params, change];
}

/** While `dirty`, asks before the address changes: `confirm` answers true to go on. */
export function useLeaveGuard(dirty: boolean, confirm: Leave): void {
  useEffect(() => {
    if (!dirty) return;
    guards.add(confirm);
    const closing = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', closing);
    return () => {
      guards.delete(confirm);
      window.removeEventListener('beforeunload', closing);
    };
  }, [dirty, confirm]);
}
