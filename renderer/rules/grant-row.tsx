import { showLine } from '../../contract/display.ts';
import type { Grant } from '../../contract/policy.ts';
import { useFormat } from '../shared/format.ts';
import { useMessages } from '../shared/language.ts';
import { Button } from '../shared/parts.tsx';
import { Fact, Row } from '../shared/rows.tsx';
import { useNow } from '../shared/time.ts';
import { DecisionWord } from './decision.tsx';
import { MatchLine } from './match-line.tsx';
import styles from './rules-page.module.css';

/** A lasting answer: who may do what, for how long, and when it was last used. */
export function GrantRow({ grant, onRevoke }: { readonly grant: Grant; readonly onRevoke: () => void }) {
  const m = useMessages();
  const words = m.rules;
  const { exactTime, relative } = useFormat();
  const now = useNow(30_000);
  const over = grant.expires !== undefined && grant.expires <= now;
  return (
    <Row
      dim={over}
      title={
        <span className={`${styles.sentence} ${over ? styles.old : ''}`}>
          <DecisionWord decision="allow" />
          <span>{showLine(grant.clientName)}</span>
          <MatchLine match={grant.match} />
        </span>
      }
      text={
        <span title={exactTime(grant.createdAt)}>
          {words.through(grant.tool, relative(grant.createdAt, now))}
        </span>
      }
      facts={
        <>
          <Fact {...(grant.expires === undefined ? {} : { label: exactTime(grant.expires) })}>
            {over ? words.expired : m.approvals.scopes[grant.scope]}
          </Fact>
          <Fact>
            {grant.lastUsedAt === undefined ? words.unused : words.used(relative(grant.lastUsedAt, now))}
          </Fact>
        </>
      }
      actions={
        <Button look="danger" onClick={onRevoke}>
          {words.revoke}
        </Button>
      }
    />
  );
}
