import {
  type KeyboardEvent,
  type RefObject,
  useEffect,
  useLayoutEffect,
  useReducer,
  useRef,
  useState,
} from 'react';
import type { AuditFilter, AuditRow } from '../../contract/audit.ts';
import { useFormat } from '../shared/format.ts';
import { useMessages } from '../shared/language.ts';
import { Button } from '../shared/parts.tsx';
import { useNow } from '../shared/time.ts';
import type { Column } from './columns.ts';
import styles from './log-list.module.css';
import { LogRow, useRowWords } from './log-row.tsx';
import { type Log, useLog } from './use-log.ts';

/** A row's height in CSS pixels: one line, or two where it is narrow. */
const LINE = 32;
const TWO_LINES = 56;
const NARROW = '(max-width: 760px)';
/** Chromium lays out at most 33,554,428 px. Beyond this the bar's travel stands for more than itself. */
const MOST_PX = 33_000_000;
const SPARE = 4;
/** Rows filled in a frame: what forty at once would take is more than a frame has. */
const FILL = 6;
/** Scrolled further than this, a person is reading: new rows wait. */
const READING_PX = 24;

/**
 * The log, however long. Rows have one height, so where each is need not be measured or remembered: a list of a million
 * costs what a list of forty does.
 */
export function LogList({
  filter,
  columns,
  selected,
  onOpen,
  onLog,
}: {
  readonly filter: AuditFilter;
  readonly columns: ReadonlySet<Column>;
  /** The row whose details are open. */
  readonly selected: number | undefined;
  readonly onOpen: (row: AuditRow) => void;
  /** Told of how many there are. */
  readonly onLog: (log: Log) => void;
}) {
  const m = useMessages().activity;
  const { number } = useFormat();
  const words = useRowWords();
  const box = useRef<HTMLDivElement>(null);
  const height = useMatch(NARROW) ? TWO_LINES : LINE;
  const [view, setView] = useState({ top: 0, room: 800 });
  const [active, setActive] = useState(0);
  const [total, setTotal] = useState(0);
  const now = useNow(10_000);

  const full = total * height;
  const shown = Math.min(full, MOST_PX);
  // Where the list is too long to be laid out, a pixel of the bar is more than a pixel of the list.
  const scale = shown - view.room > 0 ? (full - view.room) / (shown - view.room) : 1;
  const offset = view.top * scale;
  const first = Math.max(0, Math.floor(offset / height) - SPARE);
  const last = Math.min(total - 1, Math.ceil((offset + view.room) / height) + SPARE);
  // Rows that leave the view are filled anew: making and throwing away elements would cost frames in collection.
  const pool = Math.ceil(view.room / height) + 2 * SPARE + 2;
  const log = useLog(filter, first, last, view.top > READING_PX);
  const filled = useFilled(first, last, log.rowAt);
  useEffect(() => setTotal(log.total), [log.total]);
  useEffect(() => onLog(log));

  useView(box, setView);
  // Another filter is another list.
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is the filter's change that counts
  useLayoutEffect(() => {
    box.current?.scrollTo({ top: 0 });
    setActive(0);
  }, [filter]);

  const go = (place: number) => {
    const to = Math.max(0, Math.min(total - 1, place));
    setActive(to);
    const { current } = box;
    if (current === null) return;
    const [from, until] = [offset, offset + view.room - height];
    const wanted = to * height;
    const next = wanted < from ? wanted : wanted > until ? wanted - view.room + height : offset;
    if (next !== offset) current.scrollTo({ top: next / scale });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(view.room / height) - 1);
    const to = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: total - 1,
    }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      go(to);
    } else if (event.key === 'Enter') {
      const row = log.rowAt(active);
      if (row !== undefined) onOpen(row);
    }
  };

  return (
    <div className={styles.frame}>
      {log.news > 0 && view.top > READING_PX && (
        <div className={styles.held}>
          <Button
            look="primary"
            onClick={() => {
              log.renew();
              box.current?.scrollTo({ top: 0 });
              box.current?.focus();
            }}
          >
            {m.news(log.news)}
          </Button>
        </div>
      )}
      <div
        ref={box}
        className={styles.box}
        role="grid"
        tabIndex={0}
        aria-label={m.list}
        aria-rowcount={total}
        aria-activedescendant={active >= first && active <= last ? `row-${active}` : undefined}
        onKeyDown={onKeyDown}
        data-columns={[...columns].join(' ')}
      >
        <div className={styles.head} role="row">
          {(['time', 'who', 'what', 'effects', 'took'] as const)
            .filter((name) => name === 'time' || name === 'what' || columns.has(name))
            .map((name) => (
              <span key={name} role="columnheader" className={styles[name]}>
                {m.columns[name]}
              </span>
            ))}
        </div>
        <div
          className={styles.list}
          role="rowgroup"
          style={{ height: shown }}
          // One listener for all: a row with a listener of its own would be drawn anew at each turn of the wheel.
          onClick={({ target }) => {
            const place = Number(
              target instanceof Element
                ? target.closest<HTMLElement>('[data-place]')?.dataset.place
                : undefined,
            );
            const row = log.rowAt(place);
            if (row === undefined) return;
            setActive(place);
            onOpen(row);
          }}
        >
          {Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at).map((place) => (
            <LogRow
              key={place % pool}
              id={`row-${place}`}
              place={place}
              row={filled(place)}
              top={place * height - offset + view.top}
              height={height}
              now={now}
              words={words}
              columns={columns}
              active={place === active}
              open={selected !== undefined && log.rowAt(place)?.seq === selected}
            />
          ))}
        </div>
      </div>
      <p className={styles.count}>{m.count(total, number(total))}</p>
    </div>
  );
}

/** The rows in sight that may be drawn by now: a few more each frame, so that no frame is late. */
function useFilled(
  first: number,
  last: number,
  rowAt: (place: number) => AuditRow | undefined,
): (place: number) => AuditRow | undefined {
  const drawn = useRef<ReadonlyMap<number, AuditRow>>(new Map());
  const [, again] = useReducer((turn: number) => turn + 1, 0);
  const next = new Map<number, AuditRow>();
  let room = FILL;
  let more = false;
  for (let place = first; place <= last; place++) {
    const row = rowAt(place);
    if (row === undefined) continue;
    if (drawn.current.get(place) === row || room-- > 0) next.set(place, row);
    else more = true;
  }
  useEffect(() => {
    drawn.current = next;
    if (!more) return;
    const frame = requestAnimationFrame(again);
    return () => cancelAnimationFrame(frame);
  });
  return (place) => next.get(place);
}

/** What of the list is in sight: told at most once a frame. */
function useView(
  box: RefObject<HTMLDivElement | null>,
  set: (view: { top: number; room: number }) => void,
): void {
  useEffect(() => {
    const { current } = box;
    if (current === null) return;
    let frame = 0;
    const look = () => {
      frame = 0;
      set({ top: current.scrollTop, room: current.clientHeight });
    };
    const soon = () => {
      if (frame === 0) frame = requestAnimationFrame(look);
    };
    look();
    current.addEventListener('scroll', soon, { passive: true });
    const size = new ResizeObserver(soon);
    size.observe(current);
    return () => {
      cancelAnimationFrame(frame);
      current.removeEventListener('scroll', soon);
      size.disconnect();
    };
  }, [box, set]);
}

function useMatch(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const changed = () => setMatches(list.matches);
    changed();
    list.addEventListener('change', changed);
    return () => list.removeEventListener('change', changed);
  }, [query]);
  return matches;
}
