import { Bot, Plus } from 'lucide-react';
import { useState } from 'react';
import type { AuditStatsGroup } from '../../contract/audit.ts';
import type { Client, ClientState } from '../../contract/entities.ts';
import { Switch } from '../shared/controls.tsx';
import { useFormat } from '../shared/format.ts';
import { useHotkey } from '../shared/hotkeys.ts';
import { useMessages } from '../shared/language.ts';
import { PageTitle } from '../shared/page-title.tsx';
import { Button, Empty, Failed, Loading, Shown } from '../shared/parts.tsx';
import { useChannel } from '../shared/query.ts';
import { useHashParams } from '../shared/route.ts';
import { Fact, Row, Rows } from '../shared/rows.tsx';
import { useNow } from '../shared/time.ts';
import { AddClient } from './add-client.tsx';
import { ClientDrawer } from './client-drawer.tsx';

/** Who may call, how much they do, and what each may use. */
export function ClientsPage() {
  const m = useMessages();
  const words = m.clients;
  const [params, setParams] = useHashParams();
  const clients = useChannel('clients.list', {}, { refetchMs: 5_000 });
  const stats = useChannel('audit.stats', { by: 'client' });
  const adding = params.get('add') !== null;
  const add = () => setParams({ add: '1' });
  useHotkey('n', words.add, add);

  const all = clients.data ?? [];
  const known = all.filter((one) => one.revokedAt === undefined);
  const chosen = all.find((one) => one.id === params.get('client'));
  const figures = new Map(stats.data?.groups.map((group) => [group.key, group]));
  return (
    <>
      <PageTitle
        title={m.pages.clients}
        note={known.length === 0 ? undefined : words.count(known.length)}
        actions={
          <Button look="primary" icon={Plus} hotkey="N" onClick={add}>
            {words.add}
          </Button>
        }
      />
      {clients.isError && <Failed error={clients.error} onRetry={() => void clients.refetch()} />}
      {clients.isPending && <Loading lines={4} />}
      {clients.data !== undefined && known.length === 0 && (
        <Empty icon={Bot} title={words.none}>
          <p>{words.noneText}</p>
          <Button look="primary" icon={Plus} onClick={add}>
            {words.addFirst}
          </Button>
        </Empty>
      )}
      <Known clients={known} figures={figures} onOpen={(id) => setParams({ client: id })} />
      <Revoked clients={all.filter((one) => one.revokedAt !== undefined)} />
      {adding && <AddClient onClose={() => setParams({ add: undefined })} />}
      {chosen !== undefined && (
        <ClientDrawer
          client={chosen}
          figures={figures.get(chosen.id)}
          onClose={() => setParams({ client: undefined })}
        />
      )}
    </>
  );
}

function Known({
  clients,
  figures,
  onOpen,
}: {
  clients: readonly ClientState[];
  figures: ReadonlyMap<string, AuditStatsGroup>;
  onOpen: (id: string) => void;
}) {
  const m = useMessages();
  const words = m.clients;
  const { number, relative } = useFormat();
  const now = useNow(10_000);
  const tools = useChannel('tools.list', {}).data ?? [];
  if (clients.length === 0) return null;
  const on = tools.filter((tool) => tool.enabled);
  return (
    <Rows label={m.pages.clients}>
      {clients
        .toSorted((a, b) => (b.lastSeenAt ?? 0) - (a.lastSeenAt ?? 0))
        .map((client) => {
          const calls = figures.get(client.id);
          const may = on.filter((tool) => !client.toolsOff.includes(tool.name)).length;
          return (
            <Row
              key={client.id}
              icon={<Bot size={16} aria-hidden="true" />}
              title={<Shown text={client.name} />}
              text={
                client.connected ? (
                  <Fact tone="good">● {words.connected}</Fact>
                ) : client.lastSeenAt === undefined ? (
                  words.never
                ) : (
                  words.seen(relative(client.lastSeenAt, now))
                )
              }
              onOpen={() => onOpen(client.id)}
              facts={
                <>
                  <Fact label={words.callsHint}>{words.calls(calls?.calls ?? 0)}</Fact>
                  {(calls?.denied ?? 0) > 0 && <Fact tone="bad">{words.denied(calls?.denied ?? 0)}</Fact>}
                  {tools.length > 0 && (
                    <Fact>
                      {may === on.length ? words.allTools : words.someTools(number(may), number(on.length))}
                    </Fact>
                  )}
                </>
              }
            />
          );
        })}
    </Rows>
  );
}

/** Those who may no longer call, behind a switch: a name in the log can be looked up here. */
function Revoked({ clients }: { clients: readonly Client[] }) {
  const words = useMessages().clients;
  const { exactTime } = useFormat();
  const [shown, setShown] = useState(false);
  if (clients.length === 0) return null;
  const label = words.showRevoked(clients.length);
  return (
    <>
      <label htmlFor="revoked-clients">
        <Switch checked={shown} onChange={setShown} label={label} /> {label}
      </label>
      {shown && (
        <Rows label={label}>
          {clients.map((client) => (
            <Row
              key={client.id}
              dim
              icon={<Bot size={16} aria-hidden="true" />}
              title={<Shown text={client.name} />}
              text={words.revokedAt(exactTime(client.revokedAt ?? 0))}
            />
          ))}
        </Rows>
      )}
    </>
  );
}
