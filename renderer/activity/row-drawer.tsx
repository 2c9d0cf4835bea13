import { Undo2 } from 'lucide-react';
import { useState } from 'react';
import type { AuditRow } from '../../contract/audit.ts';
import { showLine } from '../../contract/display.ts';
import type { Effect, EffectKind } from '../../contract/effects.ts';
import type { ToolInfo } from '../../contract/entities.ts';
import { DiffPreview } from '../approvals/diff-view.tsx';
import { Drawer } from '../shared/dialog.tsx';
import { EffectLine } from '../shared/effects.tsx';
import { useFormat } from '../shared/format.ts';
import forms from '../shared/forms.module.css';
import { ask, errorText } from '../shared/host.ts';
import { useMessages } from '../shared/language.ts';
import { Button, Failed, Loading, Notice, Shown } from '../shared/parts.tsx';
import { renew, useChannel } from '../shared/query.ts';
import { hrefTo } from '../shared/route.ts';
import { toast } from '../shared/toast.tsx';
import styles from './row-drawer.module.css';
import { RowMark, useActor } from './row-mark.tsx';

/** Everything that is known of a row, and of the call it is part of. */
export function RowDrawer({ seq, onClose }: { readonly seq: number; readonly onClose: () => void }) {
  const m = useMessages().activity;
  const row = useChannel('audit.get', { seq });
  const callId = row.data?.callId ?? undefined;
  const call = useChannel('audit.call', { callId: callId ?? '-' }, { enabled: callId !== undefined });
  return (
    <Drawer
      open
      onClose={onClose}
      title={m.rowTitle(seq)}
      actions={callId === undefined ? undefined : <UndoCall callId={callId} />}
    >
      {row.isError && <Failed error={row.error} onRetry={() => void row.refetch()} />}
      {row.isPending && <Loading lines={6} />}
      {row.data !== undefined && <Details row={row.data} rows={call.data ?? [row.data]} />}
    </Drawer>
  );
}

function Details({ row, rows }: { row: AuditRow; rows: readonly AuditRow[] }) {
  const m = useMessages().activity;
  const { duration, exactTime } = useFormat();
  const actor = useActor();
  const tool = useChannel('tools.list', {}).data?.find((one: ToolInfo) => one.name === row.tool);
  // The first row of a call holds what was asked, the last one what came of it.
  const detail: Record<string, unknown> = Object.assign({}, ...rows.map((one) => one.detail), row.detail);
  const { input, effects, code, approvalId, ...rest } = detail;
  return (
    <div className={forms.form}>
      <p className={styles.summary}>
        <RowMark row={row} worded /> <Shown text={showLine(row.summary)} />
      </p>
      <dl className={forms.facts}>
        <dt>{m.when}</dt>
        <dd>{exactTime(row.at)}</dd>
        <dt>{m.columns.who}</dt>
        <dd>
          <a href={hrefTo('activity', { client: row.actor })}>
            <Shown text={actor(row.actor)} />
          </a>
        </dd>
        {row.tool !== null && (
          <>
            <dt>{m.chips.tool}</dt>
            <dd>
              <a href={hrefTo('tools', { tool: row.tool })}>{tool?.title ?? row.tool}</a>
            </dd>
          </>
        )}
        {row.durationMs !== null && (
          <>
            <dt>{m.columns.took}</dt>
            <dd>{duration(row.durationMs)}</dd>
          </>
        )}
        {row.decision !== null && (
          <>
            <dt>{m.chips.decision}</dt>
            <dd>{m.decisions[row.decision]}</dd>
          </>
        )}
        {row.outcome !== null && (
          <>
            <dt>{m.chips.outcome}</dt>
            <dd>
              {m.outcomes[row.outcome]}
              {typeof code === 'string' && (
                <>
                  {' '}
                  <code>{code}</code>
                </>
              )}
            </dd>
          </>
        )}
      </dl>
      {Array.isArray(effects) && effects.length > 0 && <Effects effects={effects} />}
      {row.callId !== null && <Changes callId={row.callId} />}
      {input !== undefined && <Json title={m.input} value={input} />}
      {rows.length > 1 && (
        <section className={forms.section}>
          <h3>{m.course}</h3>
          <ol className={styles.course}>
            {rows.map((one) => (
              <li key={one.seq} aria-current={one.seq === row.seq}>
                <time dateTime={new Date(one.at).toISOString()}>{exactTime(one.at)}</time>
                <span>
                  <RowMark row={one} />
                  {one.seq === row.seq ? (
                    <Shown text={showLine(one.summary)} />
                  ) : (
                    <a href={hrefTo('activity', { row: String(one.seq) })}>
                      <Shown text={showLine(one.summary)} />
                    </a>
                  )}
                </span>
              </li>
            ))}
          </ol>
        </section>
      )}
      {Object.keys(rest).length > 0 && <Json title={m.more} value={rest} />}
      <section className={forms.section}>
        <h3>{m.proof}</h3>
        <p className={forms.hint}>{m.proofText}</p>
        <dl className={forms.facts}>
          {row.callId !== null && (
            <>
              <dt>{m.chips.call}</dt>
              <dd>
                <code>{row.callId}</code>
              </dd>
            </>
          )}
          {typeof approvalId === 'string' && (
            <>
              <dt>{m.approval}</dt>
              <dd>
                <code>{approvalId}</code>
              </dd>
            </>
          )}
          <dt>{m.hash}</dt>
          <dd>
            <code>{row.hash}</code>
          </dd>
          <dt>{m.prev}</dt>
          <dd>
            <code>{row.prev}</code>
          </dd>
        </dl>
      </section>
    </div>
  );
}

/** Each effect, how it was decided, and by what. */
function Effects({ effects }: { effects: readonly unknown[] }) {
  const m = useMessages().activity;
  return (
    <section className={forms.section}>
      <h3>{m.columns.effects}</h3>
      <ul className={styles.effects}>
        {effects.map((one, at) => {
          const { decision, by, ...rest } = one as { decision?: 'allow' | 'ask' | 'deny'; by?: string };
          const effect = asEffect(rest);
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: a row never changes
            <li key={at}>
              <span className={styles.effect}>
                {effect === undefined ? (
                  <code>{showLine(JSON.stringify(rest))}</code>
                ) : (
                  <EffectLine effect={effect} />
                )}
              </span>
              <span className={forms.hint}>
                {decision !== undefined && m.decisions[decision]}
                {by !== undefined && ` · ${m.by[by.split(':')[0] ?? ''] ?? by} ${idOf(by)}`}
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** `rule:r_1` names the rule; a default has no name that says more. */
function idOf(by: string): string {
  return /^(?:rule|grant):/.test(by) ? by.slice(by.indexOf(':') + 1) : '';
}

/** What each kind of effect cannot be without. */
const NEEDS: Readonly<Record<EffectKind, readonly string[]>> = {
  read: ['path', 'workspace'],
  write: ['path', 'workspace', 'op'],
  exec: ['argv', 'workspace'],
  net: ['method', 'url'],
  secret: ['provider'],
  query: ['database', 'workspace'],
};

/** A row's detail may have been shortened: only what is whole is shown as an effect. */
function asEffect(value: Readonly<Record<string, unknown>>): Effect | undefined {
  const kind = String(value.kind);
  if (!Object.hasOwn(NEEDS, kind)) return undefined;
  const whole = NEEDS[kind as EffectKind].every((name) =>
    name === 'argv'
      ? Array.isArray(value.argv) && value.argv.every((one) => typeof one === 'string')
      : typeof value[name] === 'string',
  );
  return whole ? (value as unknown as Effect) : undefined;
}

/** What the call changed, as far as it is kept. */
function Changes({ callId }: { callId: string }) {
  const m = useMessages().activity;
  const changes = useChannel('journal.diff', { callId });
  const { data = [], isError, error } = changes;
  if (data.length === 0 && !isError) return null;
  return (
    <section className={forms.section}>
      <h3>{m.changes}</h3>
      {isError && <Failed error={error} onRetry={() => void changes.refetch()} />}
      {data.map((one) =>
        one.diff === undefined ? (
          <Notice key={`${one.workspace}/${one.path}`} tone="plain">
            <code>{showLine(one.path)}</code> {m.noDiff[one.state]}
          </Notice>
        ) : (
          <DiffPreview key={`${one.workspace}/${one.path}`} preview={one.diff} />
        ),
      )}
    </section>
  );
}

/** JSON over several lines, in which nothing is hidden. */
function jsonText(value: unknown): string {
  // Line feeds within a text are written as escapes there: what is split here are JSON's own lines.
  return (JSON.stringify(value, null, 2) ?? '').split('\n').map(showLine).join('\n');
}

function Json({ title, value }: { title: string; value: unknown }) {
  return (
    <section className={forms.section}>
      <h3>{title}</h3>
      <pre className={forms.block}>
        <Shown text={jsonText(value)} />
      </pre>
    </section>
  );
}

/** Puts back what the call changed, where that can be done. */
function UndoCall({ callId }: { callId: string }) {
  const m = useMessages().activity;
  const entries = useChannel('journal.list', { callId }).data ?? [];
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  if (entries.length === 0) return null;
  if (entries.some((one) => one.undoneBy !== undefined))
    return <span className={forms.hint}>{m.undone}</span>;
  const kept = entries.every((one) => one.undoable);
  const undo = () => {
    setBusy(true);
    setProblem(undefined);
    ask('journal.undo', { callId })
      .then(({ restored, callId: again }) => {
        toast.done(m.undid(restored.length), { undo: () => ask('journal.undo', { callId: again }) });
        renew(['journal.']);
      })
      .catch((error: unknown) => setProblem(errorText(error)))
      .finally(() => setBusy(false));
  };
  return (
    <>
      {problem !== undefined && (
        <p className={forms.problem} role="alert">
          {problem}
        </p>
      )}
      <Button icon={Undo2} disabled={busy || !kept} title={kept ? m.undoHint : m.notKept} onClick={undo}>
        {m.undo}
      </Button>
    </>
  );
}
