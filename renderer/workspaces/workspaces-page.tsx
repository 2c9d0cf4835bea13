import { CircleAlert, FolderTree, GitBranch, Plus, ScrollText, ShieldCheck, Trash2 } from 'lucide-react';
import { type DragEvent, useState } from 'react';
import type { Workspace, WorkspaceHealth } from '../../contract/entities.ts';
import { desktop } from '../shared/bridge.ts';
import { Menu, Switch } from '../shared/controls.tsx';
import { Confirm } from '../shared/dialog.tsx';
import { useFormat } from '../shared/format.ts';
import { ask, askDesktop, errorText } from '../shared/host.ts';
import { useHotkey } from '../shared/hotkeys.ts';
import { useMessages } from '../shared/language.ts';
import { PageTitle } from '../shared/page-title.tsx';
import { Button, Empty, Failed, Loading, Notice } from '../shared/parts.tsx';
import { renew, useChannel, useCommand } from '../shared/query.ts';
import { goTo, useHashParams } from '../shared/route.ts';
import { Fact, Row, Rows } from '../shared/rows.tsx';
import { toast } from '../shared/toast.tsx';
import { AddWorkspace } from './add-workspace.tsx';
import styles from './workspaces-page.module.css';

/** The folders that clients may work in. */
export function WorkspacesPage() {
  const m = useMessages();
  const words = m.workspaces;
  const [params, setParams] = useHashParams();
  const workspaces = useChannel('workspaces.list', {});
  // A folder can go, come back or get a policy file without Fastband being told.
  const health = useChannel('workspaces.inspect', {}, { refetchMs: 15_000 });
  const [removing, setRemoving] = useState<Workspace>();
  const [over, setOver] = useState(false);
  /** Names of folders that were dropped, whose paths have to be typed. */
  const [dropped, setDropped] = useState<readonly string[]>([]);
  const { list } = useFormat();

  const take = async (roots: readonly string[]) => {
    const { added, refused } = await addAll(roots);
    renew(['workspaces.']);
    if (added.length > 0)
      toast.done(words.added(list(added), added.length), {
        undo: async () => {
          for (const name of added) await ask('workspaces.remove', { name });
          renew(['workspaces.']);
        },
      });
    const [first] = refused;
    if (first === undefined) return;
    throw roots.length === 1
      ? first.error
      : new Error(refused.map(({ root, error }) => words.notAdded(root, errorText(error))).join(' '));
  };
  const add = () => {
    if (desktop() === undefined) return setParams({ add: '1' });
    void askDesktop('desktop.pickFolder')
      .then(async (answer) => {
        const { path } = answer as { path: string | null };
        if (path !== null) await take([path]);
      })
      .catch(toast.failed);
  };
  useHotkey('n', words.add, add);

  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const files = [...event.dataTransfer.files];
    const placed = files.map((file) => ({ name: file.name, path: desktop()?.pathOf(file) ?? '' }));
    const paths = placed.flatMap(({ path }) => (path === '' ? [] : [path]));
    if (paths.length > 0) void take(paths).catch(toast.failed);
    // A browser does not say where a folder is: each is asked for in turn.
    setDropped(placed.flatMap(({ name, path }) => (path === '' ? [name] : [])));
  };
  const [unplaced] = dropped;
  const next = () => {
    setDropped(dropped.slice(1));
    if (dropped.length < 2) setParams({ add: undefined });
  };
  const rows = workspaces.data ?? [];
  const states = new Map(health.data?.map((one) => [one.name, one]));
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is a second way; the button and N do the same
    <div
      className={`${styles.page} ${over ? styles.over : ''}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <PageTitle
        title={m.pages.workspaces}
        note={rows.length === 0 ? undefined : words.count(rows.length)}
        actions={
          <Button look="primary" icon={Plus} hotkey="N" onClick={add}>
            {words.add}
          </Button>
        }
      />
      {workspaces.isError && <Failed error={workspaces.error} onRetry={() => void workspaces.refetch()} />}
      {workspaces.isPending && <Loading lines={4} />}
      {workspaces.data !== undefined && rows.length === 0 && (
        <Empty icon={FolderTree} title={words.none}>
          <p>{words.noneText}</p>
          <Button look="primary" icon={Plus} onClick={add}>
            {words.addFirst}
          </Button>
        </Empty>
      )}
      {rows.length > 0 && (
        <Rows label={m.pages.workspaces}>
          {rows.map((workspace) => (
            <WorkspaceRow
              key={workspace.name}
              workspace={workspace}
              current={workspace.name === params.get('workspace')}
              health={states.get(workspace.name)}
              onRemove={() => setRemoving(workspace)}
            />
          ))}
        </Rows>
      )}
      {rows.length > 0 && <p className={styles.hint}>{words.hint}</p>}
      {(params.get('add') !== null || unplaced !== undefined) && (
        <AddWorkspace
          key={dropped.length}
          hint={unplaced ?? ''}
          onClose={() => {
            setDropped([]);
            setParams({ add: undefined });
          }}
          onAdd={(root) => take([root]).then(next)}
        />
      )}
      <Remove workspace={removing} onClose={() => setRemoving(undefined)} />
    </div>
  );
}

interface Added {
  /** Their names. */
  readonly added: readonly string[];
  readonly refused: readonly { readonly root: string; readonly error: unknown }[];
}

/** Each for itself: one that cannot be a workspace keeps no other from being one. */
async function addAll(roots: readonly string[]): Promise<Added> {
  const added: string[] = [];
  const refused: { root: string; error: unknown }[] = [];
  for (const root of roots) {
    try {
      added.push((await ask('workspaces.add', { root })).name);
    } catch (error) {
      refused.push({ root, error });
    }
  }
  return { added, refused };
}

function WorkspaceRow({
  workspace,
  current,
  health,
  onRemove,
}: {
  workspace: Workspace;
  /** The one that a link led to. */
  current: boolean;
  health: WorkspaceHealth | undefined;
  onRemove: () => void;
}) {
  const m = useMessages();
  const words = m.workspaces;
  const update = useCommand('workspaces.update');
  const { name, root, readOnly } = workspace;
  const problem =
    health === undefined || health.folder === 'ok' || (health.folder === 'fixed' && readOnly)
      ? undefined
      : words.problems[health.folder];
  return (
    <Row
      current={current}
      icon={<FolderTree size={16} aria-hidden="true" />}
      title={name}
      text={
        <>
          <code>{root}</code>
          {problem !== undefined && <Problem text={problem} />}
          {health?.policy.problem !== undefined && <Problem text={health.policy.problem} />}
        </>
      }
      facts={
        <>
          {health?.git === true && (
            <Fact label={words.gitHint}>
              <GitBranch size={14} aria-hidden="true" /> Git
            </Fact>
          )}
          {health != null && health.policy.rules !== null && (
            <Fact
              label={words.policyHint}
              {...(health.policy.problem === undefined ? {} : { tone: 'warn' as const })}
            >
              <ShieldCheck size={14} aria-hidden="true" /> {words.policy(health.policy.rules)}
            </Fact>
          )}
        </>
      }
      actions={
        <>
          <label className={styles.switch} htmlFor={`read-only-${name}`}>
            {words.readOnly}
            <Switch
              checked={readOnly}
              onChange={(next) => update.mutate({ name, readOnly: next }, { onError: toast.failed })}
              label={words.readOnlyOf(name)}
            />
          </label>
          <Menu
            trigger={<Button>{m.actions.more}</Button>}
            entries={[
              {
                label: words.activity,
                icon: ScrollText,
                run: () => goTo('activity', { q: name }),
              },
              { label: m.actions.remove, icon: Trash2, danger: true, run: onRemove },
            ]}
          />
        </>
      }
    />
  );
}

function Problem({ text }: { text: string }) {
  return (
    <span className={styles.problem}>
      <CircleAlert size={14} aria-hidden="true" />
      {text}
    </span>
  );
}

function Remove({ workspace, onClose }: { workspace: Workspace | undefined; onClose: () => void }) {
  const m = useMessages();
  const words = m.workspaces;
  const remove = useCommand('workspaces.remove');
  const grants = useChannel('grants.list', {}).data ?? [];
  const lost = grants.filter(
    ({ match }) => 'workspace' in match && match.workspace === workspace?.name,
  ).length;
  return (
    <Confirm
      open={workspace !== undefined}
      onClose={onClose}
      onConfirm={() => {
        if (workspace === undefined) return;
        const { name, root, readOnly } = workspace;
        remove.mutate(
          { name },
          {
            onSuccess: () => {
              onClose();
              toast.done(words.removed(name), {
                undo: async () => {
                  await ask('workspaces.add', { name, root, readOnly });
                  renew(['workspaces.']);
                },
              });
            },
            onError: toast.failed,
          },
        );
      }}
      title={words.removeTitle(workspace?.name ?? '')}
      verb={m.actions.remove}
    >
      <p>{words.removeText}</p>
      {lost > 0 && <Notice tone="warn">{words.removeGrants(lost)}</Notice>}
    </Confirm>
  );
}
