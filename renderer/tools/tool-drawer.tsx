import { ScrollText } from 'lucide-react';
import { useState } from 'react';
import type { AuditStatsGroup } from '../../contract/audit.ts';
import type { ToolInfo } from '../../contract/entities.ts';
import { Tabs } from '../shared/controls.tsx';
import { Drawer } from '../shared/dialog.tsx';
import { useFormat } from '../shared/format.ts';
import forms from '../shared/forms.module.css';
import { useMessages } from '../shared/language.ts';
import { Button } from '../shared/parts.tsx';
import { goTo } from '../shared/route.ts';
import { RiskLabel } from './risk-label.tsx';
import { tokensOf } from './tokens.ts';
import { TryTool } from './try-tool.tsx';

/** One tool: what a model reads of it, how it went so far, and a form to try it. */
export function ToolDrawer({
  tool,
  figures,
  onClose,
}: {
  readonly tool: ToolInfo;
  readonly figures: AuditStatsGroup | undefined;
  readonly onClose: () => void;
}) {
  const m = useMessages();
  const words = m.tools;
  const { number, duration, exactTime } = useFormat();
  const [tab, setTab] = useState<'about' | 'try' | 'schema'>('about');
  return (
    <Drawer
      open
      onClose={onClose}
      title={tool.title}
      actions={
        <Button icon={ScrollText} onClick={() => goTo('activity', { tool: tool.name })}>
          {words.activity}
        </Button>
      }
    >
      <Tabs
        label={tool.title}
        value={tab}
        onChange={setTab}
        tabs={[
          {
            value: 'about',
            label: words.about,
            content: (
              <div className={forms.form}>
                <p>{tool.description}</p>
                <dl className={forms.facts}>
                  <dt>{words.name}</dt>
                  <dd>
                    <code>{tool.name}</code>
                  </dd>
                  <dt>{words.risk}</dt>
                  <dd>
                    <RiskLabel risk={tool.risk} />
                  </dd>
                  <dt>{words.cost}</dt>
                  <dd title={words.tokensHint}>{words.tokens(number(tokensOf(tool)))}</dd>
                  <dt>{words.callsHint}</dt>
                  <dd>
                    {words.calls(figures?.calls ?? 0)}
                    {(figures?.denied ?? 0) > 0 && ` · ${words.denied(figures?.denied ?? 0)}`}
                    {(figures?.error ?? 0) > 0 && ` · ${words.failed(figures?.error ?? 0)}`}
                  </dd>
                  <dt>{words.meanHint}</dt>
                  <dd>{figures?.meanMs == null ? '–' : duration(figures.meanMs)}</dd>
                  <dt>{words.last}</dt>
                  <dd>{figures?.lastAt == null ? '–' : exactTime(figures.lastAt)}</dd>
                  <dt>{words.hash}</dt>
                  <dd title={words.hashHint}>
                    <code>{tool.hash.slice(0, 16)}…</code>
                  </dd>
                </dl>
              </div>
            ),
          },
          { value: 'try', label: words.try, content: <TryTool tool={tool} />, kept: true },
          {
            value: 'schema',
            label: words.schema,
            content: <pre className={forms.block}>{JSON.stringify(tool.inputSchema, null, 2)}</pre>,
          },
        ]}
      />
    </Drawer>
  );
}
