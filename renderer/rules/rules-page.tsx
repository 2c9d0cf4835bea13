import { FileUp, Plus, Scale } from 'lucide-react';
import { useState } from 'react';
import type { Grant, Rule } from '../../contract/policy.ts';
import { Menu, Tabs } from '../shared/controls.tsx';
import { ask } from '../shared/host.ts';
import { useHotkey } from '../shared/hotkeys.ts';
import { useMessages } from '../shared/language.ts';
import { PageTitle } from '../shared/page-title.tsx';
import { Button, Empty, Failed, Loading } from '../shared/parts.tsx';
import { renew, useChannel } from '../shared/query.ts';
import { useHashParams } from '../shared/route.ts';
import { Rows } from '../shared/rows.tsx';
import { saveText } from '../shared/save-file.ts';
import { toast } from '../shared/toast.tsx';
import { GrantRow } from './grant-row.tsx';
import { ImportRules } from './import-rules.tsx';
import { RuleDrawer } from './rule-drawer.tsx';
import { RuleRow } from './rule-row.tsx';
import styles from './rules-page.module.css';

/** What a person decided beforehand: rules, and the grants that came of answers. */
export function RulesPage() {
  const m = useMessages();
  const words = m.rules;
  const [params, setParams] = useHashParams();
  const rules = useChannel('rules.list', {});
  const grants = useChannel('grants.list', {});
  const [importing, setImporting] = useState(false);
  const view = params.get('view') === 'grants' ? 'grants' : 'rules';
  const add = () => setParams({ rule: 'new' });
  useHotkey('n', words.add, add);
  const chosen = params.get('rule');
  const editing = rules.data?.find((rule) => rule.id === chosen && rule.source === 'person');

  const exportRules = async () => {
    const { name, text } = await ask('rules.export', {});
    if (await saveText(name, text)) toast.done(words.exported);
  };
  return (
    <>
      <PageTitle
        title={m.pages.rules}
        actions={
          <>
            <Menu
              trigger={<Button icon={FileUp}>{words.file}</Button>}
              entries={[
                { label: words.import, run: () => setImporting(true) },
                {
                  label: words.export,
                  disabled: rules.data?.every((rule) => rule.source === 'project') ?? true,
                  run: () => void exportRules().catch(toast.failed),
                },
              ]}
            />
            <Button look="primary" icon={Plus} hotkey="N" onClick={add}>
              {words.add}
            </Button>
          </>
        }
      />
      <Tabs
        label={m.pages.rules}
        value={view}
        onChange={(next) => setParams({ view: next === 'grants' ? 'grants' : undefined })}
        tabs={[
          {
            value: 'rules',
            label: words.rulesTab(rules.data?.length ?? 0),
            content: <RuleList asked={rules} onAdd={add} onOpen={(id) => setParams({ rule: id })} />,
          },
          {
            value: 'grants',
            label: words.grantsTab(grants.data?.length ?? 0),
            content: <GrantList asked={grants} />,
          },
        ]}
      />
      {(chosen === 'new' || editing !== undefined) && (
        <RuleDrawer
          key={chosen}
          {...(editing === undefined ? {} : { rule: editing })}
          onClose={() => setParams({ rule: undefined })}
        />
      )}
      {importing && <ImportRules onClose={() => setImporting(false)} />}
    </>
  );
}

function RuleList({
  asked,
  onAdd,
  onOpen,
}: {
  asked: ReturnType<typeof useChannel<'rules.list'>>;
  onAdd: () => void;
  onOpen: (id: string) => void;
}) {
  const words = useMessages().rules;
  if (asked.isError) return <Failed error={asked.error} onRetry={() => void asked.refetch()} />;
  if (asked.isPending) return <Loading lines={4} />;
  if (asked.data.length === 0)
    return (
      <Empty icon={Scale} title={words.none}>
        <p>{words.noneText}</p>
        <Button look="primary" icon={Plus} onClick={onAdd}>
          {words.addFirst}
        </Button>
      </Empty>
    );
  const remove = async (rule: Rule) => {
    await ask('rules.remove', { id: rule.id });
    renew(['rules.']);
    const { id: _id, createdAt: _at, source: _source, ...body } = rule;
    toast.done(words.removed, {
      undo: async () => {
        await ask('rules.add', body);
        renew(['rules.']);
      },
    });
  };
  return (
    <div className={styles.list}>
      <Rows label={words.rulesTab(asked.data.length)}>
        {asked.data.map((rule) => (
          <RuleRow
            key={rule.id}
            rule={rule}
            {...(rule.source === 'person' ? { onOpen: () => onOpen(rule.id) } : {})}
            onRemove={() => void remove(rule).catch(toast.failed)}
          />
        ))}
      </Rows>
      <p className={styles.hint}>{words.order}</p>
    </div>
  );
}

function GrantList({ asked }: { asked: ReturnType<typeof useChannel<'grants.list'>> }) {
  const words = useMessages().rules;
  if (asked.isError) return <Failed error={asked.error} onRetry={() => void asked.refetch()} />;
  if (asked.isPending) return <Loading lines={4} />;
  if (asked.data.length === 0)
    return (
      <Empty icon={Scale} title={words.noGrants}>
        <p>{words.noGrantsText}</p>
      </Empty>
    );
  const revoke = async ({ id }: Grant) => {
    await ask('grants.revoke', { id });
    renew(['grants.']);
    toast.done(words.revoked);
  };
  return (
    <Rows label={words.grantsTab(asked.data.length)}>
      {asked.data.map((grant) => (
        <GrantRow key={grant.id} grant={grant} onRevoke={() => void revoke(grant).catch(toast.failed)} />
      ))}
    </Rows>
  );
}
