import { CircleAlert, CircleCheck, CircleHelp } from 'lucide-react';
import type { SecurityCheck } from '../../contract/entities.ts';
import { useFormat } from '../shared/format.ts';
import { useMessages } from '../shared/language.ts';
import { PageTitle } from '../shared/page-title.tsx';
import { Button, Failed, Loading, Notice } from '../shared/parts.tsx';
import { useChannel } from '../shared/query.ts';
import { hrefTo } from '../shared/route.ts';
import { useNow } from '../shared/time.ts';
import styles from './security-page.module.css';

const ICONS = { ok: CircleCheck, warn: CircleAlert, unknown: CircleHelp };

/** How this installation is protected now, part by part, and what to do where it is not. */
export function SecurityPage() {
  const m = useMessages();
  const words = m.security;
  const checks = useChannel('security.get', {}, { refetchMs: 60_000 });
  const warnings = checks.data?.filter(({ state }) => state === 'warn').length;
  return (
    <div className={styles.page}>
      <PageTitle title={m.pages.security} />
      <div className={styles.head}>
        <p>{words.intro}</p>
        <Button disabled={checks.isFetching} onClick={() => void checks.refetch()}>
          {words.check}
        </Button>
      </div>
      {checks.isError && <Failed error={checks.error} onRetry={() => void checks.refetch()} />}
      {checks.isPending && <Loading lines={8} />}
      {warnings !== undefined && (
        <Notice tone={warnings === 0 ? 'plain' : 'warn'}>
          {warnings === 0 ? words.allGood : words.warnings(warnings)}
        </Notice>
      )}
      <ul className={styles.checks}>
        {checks.data?.map((check) => (
          <Part key={check.id} check={check} />
        ))}
      </ul>
    </div>
  );
}

function Part({ check: { id, state, claims, problem, note, at } }: { check: SecurityCheck }) {
  const words = useMessages().security;
  const { relative } = useFormat();
  const now = useNow(60_000);
  const Icon = ICONS[state];
  return (
    <li className={styles.check}>
      <Icon size={18} className={styles[state]} aria-hidden="true" />
      <div>
        <h2>
          {words.parts[id].name} <span className={styles.state}>{words.states[state]}</span>
        </h2>
        <p>{problem ?? note ?? words.parts[id].text}</p>
        <p className={styles.soft}>
          {words.claims(claims.join(', '))}
          {id === 'chain' && (
            <>
              {' · '}
              {at === undefined ? words.notVerified : words.verified(relative(at, now))}
              {' · '}
              <a href={hrefTo('activity')}>{words.verify}</a>
            </>
          )}
        </p>
      </div>
    </li>
  );
}
