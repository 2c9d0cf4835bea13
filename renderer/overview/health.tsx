import { CircleAlert, CircleCheck, CircleX } from 'lucide-react';
import type { HealthCheck } from '../../contract/entities.ts';
import { useFormat } from '../shared/format.ts';
import { useMessages } from '../shared/language.ts';
import { Button, Failed, Loading } from '../shared/parts.tsx';
import { useChannel } from '../shared/query.ts';
import styles from './overview-page.module.css';

const ICONS = { ok: CircleCheck, warn: CircleAlert, bad: CircleX };

/** Database, keychain, port and disk: well, or what to do. */
export function Health() {
  const m = useMessages();
  const words = m.overview;
  const health = useChannel('health.get', {}, { refetchMs: 60_000 });
  return (
    <section className={styles.card} aria-labelledby="health-card">
      <div className={styles.head}>
        <h2 id="health-card">{words.health}</h2>
        <Button disabled={health.isFetching} onClick={() => void health.refetch()}>
          {words.check}
        </Button>
      </div>
      {health.isError && <Failed error={health.error} onRetry={() => void health.refetch()} />}
      {health.isPending && <Loading lines={4} />}
      <ul className={styles.checks}>
        {health.data?.map((one) => (
          <Check key={one.id} check={one} />
        ))}
      </ul>
    </section>
  );
}

function Check({ check: { id, state, problem, freeBytes, usedBytes } }: { check: HealthCheck }) {
  const words = useMessages().overview;
  const { bytes } = useFormat();
  const Icon = ICONS[state];
  return (
    <li className={styles.check}>
      <Icon size={16} className={styles[state]} aria-hidden="true" />
      <div>
        <div className={styles.checkHead}>
          <span>
            {words.checks[id]}
            <span className={styles.spoken}> {words.states[state]}</span>
          </span>
          <span className={styles.soft}>
            {freeBytes !== undefined && words.free(bytes(freeBytes))}
            {usedBytes !== undefined && bytes(usedBytes)}
            {freeBytes === undefined && usedBytes === undefined && words.states[state]}
          </span>
        </div>
        {problem !== undefined && <p className={styles.soft}>{problem}</p>}
      </div>
    </li>
  );
}
