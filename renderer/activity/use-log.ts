import { type UseQueryResult, useQueries } from '@tanstack/react-query';
import { useDeferredValue, useEffect, useMemo, useState } from 'react';
import type { AuditFilter, AuditIndexOutput, AuditRow, AuditSearchOutput } from '../../contract/audit.ts';
import { ask, type HostError } from '../shared/host.ts';
import { panel } from '../shared/panel.ts';
import { useChannel } from '../shared/query.ts';
import { mayPass } from './filter.ts';

/** Rows asked for at once. */
export const PAGE = 200;
/** New rows are fetched this often at most. */
const RENEW_MS = 500;
/** A place that was jumped to is looked at after this. */
const STEADY_MS = 80;
/** Pages that are out of sight are forgotten after this. */
const KEEP_MS = 30_000;

export interface Log {
  readonly total: number;
  readonly index: AuditIndexOutput | undefined;
  readonly pending: boolean;
  readonly error: HostError | null;
  readonly retry: () => void;
  /** Undefined while it is on its way. */
  readonly rowAt: (place: number) => AuditRow | undefined;
  /** How many rows have come since the list was made. */
  readonly news: number;
  /** Takes the new rows in. */
  readonly renew: () => void;
}

/**
 * A filter's rows, newest first, of which only those in sight are fetched: the host says once where every 200th row is,
 * so any place of a list of any length is one question away. Rows never change, so a page once fetched stays right.
 *
 * @param first - the first place in sight
 * @param last - the last one, inclusive
 * @param hold - new rows wait: the person is reading further down
 */
export function useLog(filter: AuditFilter, first: number, last: number, hold: boolean): Log {
  const asked = useChannel('audit.index', { filter, every: PAGE }, { keepPrevious: true });
  const index = asked.data;
  const { news, reset } = useNews(filter, index?.newest);
  const { refetch } = asked;

  useEffect(() => {
    if (news === 0 || hold) return;
    const timer = setTimeout(() => void refetch().then(reset), RENEW_MS);
    return () => clearTimeout(timer);
  }, [news, hold, refetch, reset]);

  const [from, to] = useSteady(
    Math.max(0, Math.floor(first / PAGE)),
    Math.floor(Math.max(first, last) / PAGE),
  );
  const anchors = useMemo(() => {
    return index === undefined
      ? []
      : Array.from({ length: to - from + 1 }, (_, at) => from + at).flatMap((page) => {
          const anchor = index.anchors[page];
          return anchor === undefined ? [] : [{ page, anchor }];
        });
  }, [index, from, to]);
  const pages = useQueries({
    // The same answers are the same array: only what is new is drawn anew.
    combine: rowsOf,
    queries: anchors.map(({ anchor }) => ({
      // Not under `audit.`: what came later changes nothing about these.
      queryKey: ['log', filter, anchor],
      queryFn: () => ask('audit.search', { ...filter, cursor: anchor + 1, limit: PAGE, brief: true }),
      gcTime: KEEP_MS,
    })),
  });
  const byPage = useMemo(() => new Map(anchors.map(({ page }, at) => [page, pages[at]])), [anchors, pages]);
  // A page that arrives is drawn in slices, between frames: scrolling goes on meanwhile.
  const drawn = useDeferredValue(byPage);
  return {
    total: index?.total ?? 0,
    index,
    pending: asked.isPending,
    error: asked.error,
    retry: () => void asked.refetch(),
    rowAt: (place) => drawn.get(Math.floor(place / PAGE))?.[place % PAGE],
    news,
    renew: () => void asked.refetch().then(reset),
  };
}

function rowsOf(
  results: readonly UseQueryResult<AuditSearchOutput>[],
): readonly (readonly AuditRow[] | undefined)[] {
  return results.map(({ data }) => data?.rows);
}

/**
 * Pages in sight, once they stay there: whoever drags the thumb through a long list passes hundreds, and wants none of
 * them. A page further is taken at once.
 */
function useSteady(from: number, to: number): readonly [number, number] {
  const [steady, setSteady] = useState<readonly [number, number]>([from, to]);
  const near = Math.abs(from - steady[0]) <= 1 && Math.abs(to - steady[1]) <= 1;
  useEffect(() => {
    if (near) return setSteady((was) => (was[0] === from && was[1] === to ? was : [from, to]));
    const timer = setTimeout(() => setSteady([from, to]), STEADY_MS);
    return () => clearTimeout(timer);
  }, [from, to, near]);
  return near ? [from, to] : steady;
}

/** How many rows of a filter have come since. */
function useNews(filter: AuditFilter, since: number | undefined): { news: number; reset: () => void } {
  const [newest, setNewest] = useState<readonly number[]>([]);
  useEffect(() => {
    setNewest([]);
    return panel.onEvent((event) => {
      if (event.type === 'audit.row' && mayPass(event.row, filter))
        setNewest((seqs) => [...seqs, event.row.seq]);
    });
  }, [filter]);
  const news = since === undefined ? 0 : newest.filter((seq) => seq > since).length;
  return useMemo(() => ({ news, reset: () => setNewest([]) }), [news]);
}
