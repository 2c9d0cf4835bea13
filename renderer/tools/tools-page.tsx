import { SearchX } from 'lucide-react';
import type { AuditStatsGroup } from '../../contract/audit.ts';
import type { ToolInfo } from '../../contract/entities.ts';
import { Switch } from '../shared/controls.tsx';
import { useFormat } from '../shared/format.ts';
import { ask } from '../shared/host.ts';
import { useMessages } from '../shared/language.ts';
import { PageTitle } from '../shared/page-title.tsx';
import { Button, Empty, Failed, Loading } from '../shared/parts.tsx';
import { renew, useChannel } from '../shared/query.ts';
import { useHashParams } from '../shared/route.ts';
import { Fact, Row, Rows } from '../shared/rows.tsx';
import { SearchField } from '../shared/search-field.tsx';
import { toast } from '../shared/toast.tsx';
import { RiskLabel } from './risk-label.tsx';
import { tokensOf } from './tokens.ts';
import { ToolDrawer } from './tool-drawer.tsx';
import styles from './tools-page.module.css';

/** Every tool there is, by group: what it may do, what it costs a model to know of it, how much it is used. */
export function ToolsPage() {
  const m = useMessages();
  const words = m.tools;
  const { number } = useFormat();
  const [params, setParams] = useHashParams();
  const tools = useChannel('tools.list', {});
  const stats = useChannel('audit.stats', { by: 'tool' });
  const query = params.get('q') ?? '';

  const all = tools.data ?? [];
  const on = all.filter((tool) => tool.enabled);
  const found = all.filter((tool) => matches(query, tool));
  const groups = Map.groupBy(found, (tool) => tool.group);
  const figures = new Map(stats.data?.groups.map((group) => [group.key, group]));
  const chosen = all.find((tool) => tool.name === params.get('tool'));
  const tokens = on.reduce((sum, tool) => sum + tokensOf(tool), 0);
  return (
    <>
      <PageTitle
        title={m.pages.tools}
        note={
          tools.data === undefined
            ? undefined
            : words.note(number(on.length), number(all.length), number(tokens))
        }
      />
      <SearchField
        value={query}
        onChange={(text) => setParams({ q: text === '' ? undefined : text })}
        label={words.search}
      />
      {tools.isError && <Failed error={tools.error} onRetry={() => void tools.refetch()} />}
      {tools.isPending && <Loading lines={8} />}
      {tools.data !== undefined && found.length === 0 && (
        <Empty icon={SearchX} title={words.nothing(query)}>
          <Button onClick={() => setParams({ q: undefined })}>{words.clear}</Button>
        </Empty>
      )}
      {[...groups].map(([group, members]) => (
        <Group
          key={group}
          name={group}
          tools={members}
          figures={figures}
          onOpen={(tool) => setParams({ tool })}
        />
      ))}
      {chosen !== undefined && (
        <ToolDrawer
          key={chosen.name}
          tool={chosen}
          figures={figures.get(chosen.name)}
          onClose={() => setParams({ tool: undefined })}
        />
      )}
    </>
  );
}

function Group({
  name,
  tools,
  figures,
  onOpen,
}: {
  name: string;
  tools: readonly ToolInfo[];
  figures: ReadonlyMap<string, AuditStatsGroup>;
  onOpen: (tool: string) => void;
}) {
  const words = useMessages().tools;
  const { number, duration } = useFormat();
  const id = `group-${name.replace(/\W/g, '-')}`;
  return (
    <section className={styles.group} aria-labelledby={id}>
      <div className={styles.head}>
        <h2 id={id}>{name}</h2>
        <Switch
          checked={tools.some((tool) => tool.enabled)}
          onChange={(on) => void setAll(tools, on).catch(toast.failed)}
          label={words.groupOn(name)}
        />
      </div>
      <Rows label={name}>
        {tools.map((tool) => {
          const used = figures.get(tool.name);
          return (
            <Row
              key={tool.name}
              dim={!tool.enabled}
              title={
                <>
                  {tool.title} <RiskLabel risk={tool.risk} />
                </>
              }
              text={<code>{tool.name}</code>}
              onOpen={() => onOpen(tool.name)}
              facts={
                <>
                  <Fact label={words.tokensHint}>{words.tokens(number(tokensOf(tool)))}</Fact>
                  <Fact label={words.callsHint}>{words.calls(used?.calls ?? 0)}</Fact>
                  <Fact label={words.meanHint}>{used?.meanMs == null ? '–' : duration(used.meanMs)}</Fact>
                </>
              }
              actions={
                <Switch
                  checked={tool.enabled}
                  onChange={(enabled) => void setAll([tool], enabled).catch(toast.failed)}
                  label={words.on(tool.title)}
                />
              }
            />
          );
        })}
      </Rows>
    </section>
  );
}

/** Switches those that are not so already. */
async function setAll(tools: readonly ToolInfo[], enabled: boolean): Promise<void> {
  try {
    for (const tool of tools) {
      if (tool.enabled !== enabled) await ask('tools.setEnabled', { name: tool.name, enabled });
    }
  } finally {
    renew(['tools.']);
  }
}

function matches(query: string, { name, title, description, group }: ToolInfo): boolean {
  const words = `${name} ${title} ${description} ${group}`.toLocaleLowerCase();
  return query
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => words.includes(word));
}
