import { useFormat } from '../shared/format.ts';
import { useMessages } from '../shared/language.ts';
import { useChannel } from '../shared/query.ts';
import { hrefTo } from '../shared/route.ts';
import { useNow } from '../shared/time.ts';
import { Bars } from './bars.tsx';
import styles from './overview-page.module.css';

const MINUTE_MS = 60_000;
const MINUTES = 60;

/** The calls of the last hour, minute by minute. */
export function LastHour() {
  const words = useMessages().overview;
  const { duration } = useFormat();
  // Moves on by whole minutes; a minute to spare is for calls that come before the clock is looked at again.
  const until = Math.ceil(useNow(15_000) / MINUTE_MS) * MINUTE_MS;
  const stats = useChannel(
    'audit.stats',
    { by: 'time', from: until - MINUTES * MINUTE_MS, to: until + MINUTE_MS, buckets: MINUTES + 1 },
    { keepPrevious: true },
  );
  const groups = stats.data?.groups ?? [];
  const sum = (of: 'calls' | 'denied' | 'error') => groups.reduce((total, one) => total + one[of], 0);
  const timed = groups.filter((one) => one.meanMs !== null);
  const ran = timed.reduce((total, one) => total + one.calls, 0);
  const mean = timed.reduce((total, one) => total + (one.meanMs ?? 0) * one.calls, 0) / Math.max(1, ran);
  return (
    <section className={styles.chartCard} aria-labelledby="hour-card">
      <div className={styles.head}>
        <h2 id="hour-card">{words.lastHour}</h2>
        <a href={hrefTo('activity')}>{words.seeAll}</a>
      </div>
      <p className={styles.figures}>
        <span>
          <strong>{words.calls(sum('calls'))}</strong>
        </span>
        <span>{words.denied(sum('denied'))}</span>
        <span>{words.failed(sum('error'))}</span>
        {ran > 0 && <span>{words.mean(duration(mean))}</span>}
      </p>
      {stats.data !== undefined && sum('calls') === 0 && <p className={styles.soft}>{words.noCalls}</p>}
      {sum('calls') > 0 && <Bars groups={groups} />}
    </section>
  );
}
