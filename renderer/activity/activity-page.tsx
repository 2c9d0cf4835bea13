import { Columns3, ScrollText } from 'lucide-react';
import { useCallback, useMemo, useState } from 'react';
import { Menu } from '../shared/controls.tsx';
import { hostNow } from '../shared/host.ts';
import { useListedKey } from '../shared/hotkeys.ts';
import { useMessages } from '../shared/language.ts';
import { PageTitle } from '../shared/page-title.tsx';
import { Button, Empty, Failed, Loading } from '../shared/parts.tsx';
import { useHashParams } from '../shared/route.ts';
import { useRowKeys } from '../shared/rows.tsx';
import { SearchField } from '../shared/search-field.tsx';
import styles from './activity-page.module.css';
import { COLUMNS, useColumns } from './columns.ts';
import { CHIPS, filterOf } from './filter.ts';
import { Filters } from './filters.tsx';
import { LogList } from './log-list.tsx';
import { RowDrawer } from './row-drawer.tsx';
import { Upkeep } from './upkeep.tsx';
import type { Log } from './use-log.ts';
import { Views } from './views.tsx';

const MINUTE_MS = 60_000;

/** Everything that clients and people did: found, followed, exported, verified. */
export function ActivityPage() {
  const m = useMessages();
  const words = m.activity;
  const [params, setParams] = useHashParams();
  const [columns, turnColumn] = useColumns();
  const [opened] = useState(() => Math.ceil(hostNow() / MINUTE_MS) * MINUTE_MS);
  useRowKeys();
  useListedKey('PageDown', m.keyboard.nextPage);
  useListedKey('PageUp', m.keyboard.previousPage);
  const [log, setLog] = useState<{ total: number; pending: boolean; error: unknown; retry: () => void }>();
  // What is open on the right is no part of what is looked for.
  const asked = useMemo(() => {
    const kept = new URLSearchParams(params);
    kept.delete('row');
    return kept.toString();
  }, [params]);
  const filter = useMemo(() => filterOf(new URLSearchParams(asked), opened), [asked, opened]);
  const filtered = Object.keys(filter).length > 0;
  const row = Number(params.get('row') ?? Number.NaN);
  const clear = () =>
    setParams(Object.fromEntries(['q', 'from', 'to', 'callId', ...CHIPS].map((name) => [name, undefined])));
  const onLog = useCallback(
    ({ total, pending, error, retry }: Log) =>
      setLog((was) =>
        was?.total === total && was.pending === pending && was.error === error
          ? was
          : { total, pending, error, retry },
      ),
    [],
  );
  return (
    <div className={styles.page}>
      <PageTitle title={m.pages.activity} />
      <div className={styles.tools}>
        <SearchField
          value={params.get('q') ?? ''}
          onChange={(text) => setParams({ q: text === '' ? undefined : text })}
          label={words.search}
        />
        <Views asked={asked} />
        <span className={styles.columns}>
          <Menu
            trigger={<Button icon={Columns3}>{words.columnMenu}</Button>}
            entries={COLUMNS.map((name) => ({
              label: words.columns[name],
              checked: columns.has(name),
              run: () => turnColumn(name),
            }))}
          />
        </span>
        <Upkeep filter={filter} filtered={filtered} />
      </div>
      <Filters params={params} onChange={setParams} />
      {log?.error != null && <Failed error={log.error} onRetry={log.retry} />}
      {(log === undefined || log.pending) && <Loading lines={8} />}
      {log !== undefined && !log.pending && log.error == null && log.total === 0 && (
        <Empty icon={ScrollText} title={filtered ? words.nothing : words.none}>
          <p>{filtered ? words.nothingText : words.noneText}</p>
          {filtered && <Button onClick={clear}>{words.clear}</Button>}
        </Empty>
      )}
      <div className={log === undefined || log.total === 0 ? styles.hidden : styles.log}>
        <LogList
          filter={filter}
          columns={columns}
          selected={Number.isNaN(row) ? undefined : row}
          onOpen={({ seq }) => setParams({ row: String(seq) })}
          onLog={onLog}
        />
      </div>
      {Number.isSafeInteger(row) && (
        <RowDrawer key={row} seq={row} onClose={() => setParams({ row: undefined })} />
      )}
    </div>
  );
}
