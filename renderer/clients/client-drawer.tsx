import { Ban, ScrollText } from 'lucide-react';
import { useState } from 'react';
import type { AuditStatsGroup } from '../../contract/audit.ts';
import { showLine } from '../../contract/display.ts';
import type { Client } from '../../contract/entities.ts';
import { Switch } from '../shared/controls.tsx';
import { Confirm, Drawer } from '../shared/dialog.tsx';
import { useFormat } from '../shared/format.ts';
import forms from '../shared/forms.module.css';
import { useMessages } from '../shared/language.ts';
import { Button, Failed } from '../shared/parts.tsx';
import { useChannel, useCommand } from '../shared/query.ts';
import { goTo, hrefTo } from '../shared/route.ts';
import { toast } from '../shared/toast.tsx';
import styles from './client-drawer.module.css';
import { ClientLimits } from './client-limits.tsx';

/** Everything about one client, and what it may use. */
export function ClientDrawer({
  client,
  figures,
  onClose,
}: {
  readonly client: Client;
  readonly figures: AuditStatsGroup | undefined;
  readonly onClose: () => void;
}) {
  const m = useMessages();
  const words = m.clients;
  const { exactTime, duration, number, decimal } = useFormat();
  const spend = useChannel('models.spend', {}).data?.find((one) => one.clientId === client.id);
  const limits = useChannel('settings.get', {}).data?.providers;
  const [revoking, setRevoking] = useState(false);
  const revoke = useCommand('clients.revoke');
  const grants = useChannel('grants.list', {}).data?.filter((one) => one.clientId === client.id).length ?? 0;
  return (
    <Drawer
      open
      onClose={onClose}
      title={showLine(client.name)}
      actions={
        client.revokedAt === undefined && (
          <>
            <Button look="danger" icon={Ban} onClick={() => setRevoking(true)}>
              {words.revoke}
            </Button>
            <Button icon={ScrollText} onClick={() => goTo('activity', { client: client.name })}>
              {words.activity}
            </Button>
          </>
        )
      }
    >
      <div className={forms.form}>
        <dl className={forms.facts}>
          <dt>{words.added}</dt>
          <dd>{exactTime(client.createdAt)}</dd>
          <dt>{words.lastSeen}</dt>
          <dd>{client.lastSeenAt === undefined ? words.never : exactTime(client.lastSeenAt)}</dd>
          <dt>{words.callsHint}</dt>
          <dd>
            {words.calls(figures?.calls ?? 0)}
            {figures?.meanMs != null && ` · ${words.mean(duration(figures.meanMs))}`}
            {(figures?.denied ?? 0) > 0 && ` · ${words.denied(figures?.denied ?? 0)}`}
          </dd>
          <dt>{words.models}</dt>
          <dd>
            {words.tokens(number(spend?.tokens ?? 0), number(client.dailyTokens ?? limits?.dailyTokens ?? 0))}
            {' · '}
            {words.cents(decimal(spend?.cents ?? 0), number(client.dailyCents ?? limits?.dailyCents ?? 0))}
          </dd>
          <dt>{words.grants}</dt>
          <dd>
            <a href={hrefTo('rules', { view: 'grants' })}>{words.grantCount(grants)}</a>
          </dd>
        </dl>
        {client.revokedAt === undefined && limits !== undefined && (
          <ClientLimits key={`${client.dailyTokens} ${client.dailyCents}`} client={client} general={limits} />
        )}
        {client.revokedAt === undefined && <ClientTools client={client} />}
      </div>
      <Confirm
        open={revoking}
        onClose={() => setRevoking(false)}
        onConfirm={() =>
          revoke.mutate(
            { id: client.id },
            {
              onSuccess: () => {
                toast.done(words.revoked(client.name));
                onClose();
              },
              onError: toast.failed,
            },
          )
        }
        title={words.revokeTitle(client.name)}
        verb={words.revoke}
      >
        <p>{words.revokeText}</p>
      </Confirm>
    </Drawer>
  );
}

function ClientTools({ client }: { client: Client }) {
  const m = useMessages();
  const words = m.clients;
  const tools = useChannel('tools.list', {});
  const update = useCommand('clients.update');
  if (tools.isError) return <Failed error={tools.error} onRetry={() => void tools.refetch()} />;
  const off = new Set(client.toolsOff);
  const groups = Map.groupBy(tools.data ?? [], (tool) => tool.group);
  const save = (toolsOff: string[]) => update.mutate({ id: client.id, toolsOff }, { onError: toast.failed });
  const set = (names: readonly string[], on: boolean) => {
    const next = new Set(off);
    for (const name of names) {
      if (on) next.delete(name);
      else next.add(name);
    }
    save([...next]);
  };
  return (
    <section className={forms.section}>
      <div className={forms.spread}>
        <h3>{m.pages.tools}</h3>
        {off.size > 0 && <Button onClick={() => save([])}>{words.allOn}</Button>}
      </div>
      <p className={forms.hint}>{words.toolsHint}</p>
      {[...groups].map(([group, members]) => {
        const names = members.map((tool) => tool.name);
        return (
          <fieldset key={group} className={styles.group}>
            <legend className={styles.spoken}>{group}</legend>
            <div className={`${styles.tool} ${styles.head}`}>
              <span>{group}</span>
              <Switch
                checked={names.some((name) => !off.has(name))}
                onChange={(on) => set(names, on)}
                label={words.groupOn(group)}
              />
            </div>
            {members.map((tool) => (
              <div key={tool.name} className={styles.tool}>
                <span className={tool.enabled ? undefined : styles.off}>
                  {tool.title}
                  {!tool.enabled && <small> {words.offForAll}</small>}
                </span>
                <Switch
                  checked={!off.has(tool.name)}
                  onChange={(on) => set([tool.name], on)}
                  label={tool.title}
                />
              </div>
            ))}
          </fieldset>
        );
      })}
    </section>
  );
}
