import { FileKey2, KeyRound, Plus } from 'lucide-react';
import { showLine } from '../../contract/display.ts';
import type { KeyInfo } from '../../contract/keys.ts';
import { PROVIDERS } from '../../contract/keys.ts';
import { useFormat } from '../shared/format.ts';
import { useHotkey } from '../shared/hotkeys.ts';
import { useMessages } from '../shared/language.ts';
import { PageTitle } from '../shared/page-title.tsx';
import { Button, Copyable, Failed, Loading, Notice } from '../shared/parts.tsx';
import { useChannel } from '../shared/query.ts';
import { useHashParams } from '../shared/route.ts';
import { Row, Rows } from '../shared/rows.tsx';
import { useNow } from '../shared/time.ts';
import { AddKey } from './add-key.tsx';
import { ImportKeys } from './import-keys.tsx';
import { KeyDrawer } from './key-drawer.tsx';
import { KeyState } from './key-state.tsx';
import styles from './keys-page.module.css';

/** API keys and secrets: in the system's keychain, used by clients, seen by nobody. */
export function KeysPage() {
  const m = useMessages();
  const words = m.keys;
  const [params, setParams] = useHashParams();
  const keys = useChannel('keys.list', {});
  const keychain = useChannel('keys.state', {});
  const add = (id = '1') => setParams({ add: id });
  useHotkey('n', words.add, () => add());
  const all = keys.data ?? [];
  const secrets = all.filter(({ id }) => id.startsWith('secret:'));
  const chosen = all.find(({ id }) => id === params.get('key'));
  const open = (id: string) => setParams({ key: id });
  const closed = keychain.data !== undefined && keychain.data.state !== 'working';
  return (
    <>
      <PageTitle
        title={m.pages.keys}
        actions={
          <Button look="primary" icon={Plus} hotkey="N" onClick={() => add()} disabled={closed}>
            {words.add}
          </Button>
        }
      />
      {closed && (
        <Notice
          tone="warn"
          action={
            <Button disabled={keychain.isFetching} onClick={() => void keychain.refetch()}>
              {m.actions.retry}
            </Button>
          }
        >
          <strong>{words.keychains[keychain.data?.state ?? 'missing']}.</strong> {keychain.data?.problem}{' '}
          {words.noKeychain}
          {keychain.data?.command !== undefined && (
            <p>
              <Copyable text={keychain.data.command} />
            </p>
          )}
        </Notice>
      )}
      {keys.isError && <Failed error={keys.error} onRetry={() => void keys.refetch()} />}
      {keys.isPending && <Loading lines={4} />}
      {keys.data !== undefined && (
        <>
          <section className={styles.part} aria-labelledby="providers">
            <div className={styles.head}>
              <h2 id="providers">{words.providers}</h2>
              <Button icon={FileKey2} onClick={() => setParams({ import: '1' })} disabled={closed}>
                {words.importFile}
              </Button>
            </div>
            <p className={styles.hint}>{words.providersText}</p>
            <Rows label={words.providers}>
              {PROVIDERS.map((id) => {
                const key = all.find((one) => one.id === id);
                return key === undefined ? (
                  <Row
                    key={id}
                    dim
                    icon={<KeyRound size={16} aria-hidden="true" />}
                    title={words.names[id]}
                    text={words.none}
                    actions={
                      <Button
                        onClick={() => add(id)}
                        disabled={closed}
                        aria-label={words.addOf(words.names[id])}
                      >
                        {words.addOne}
                      </Button>
                    }
                  />
                ) : (
                  <KeyRow key={id} info={key} title={words.names[id]} onOpen={() => open(id)} />
                );
              })}
            </Rows>
          </section>
          <section className={styles.part} aria-labelledby="secrets">
            <h2 id="secrets">{words.secrets}</h2>
            <p className={styles.hint}>{words.secretsText}</p>
            {secrets.length === 0 ? (
              <p className={styles.empty}>{words.noSecrets}</p>
            ) : (
              <Rows label={words.secrets}>
                {secrets.map((one) => (
                  <KeyRow
                    key={one.id}
                    info={one}
                    title={<code>{one.id.replace(/^secret:/, '')}</code>}
                    onOpen={() => open(one.id)}
                  />
                ))}
              </Rows>
            )}
          </section>
        </>
      )}
      {params.get('add') !== null && (
        <AddKey
          // One in the keychain comes before that of the environment.
          known={all.filter(({ source }) => source === 'keychain').map(({ id }) => id)}
          wanted={params.get('add') ?? ''}
          onClose={() => setParams({ add: undefined })}
        />
      )}
      {params.get('import') !== null && <ImportKeys onClose={() => setParams({ import: undefined })} />}
      {chosen !== undefined && <KeyDrawer info={chosen} onClose={() => setParams({ key: undefined })} />}
    </>
  );
}

function KeyRow({ info, title, onOpen }: { info: KeyInfo; title: React.ReactNode; onOpen: () => void }) {
  const words = useMessages().keys;
  const { relative } = useFormat();
  const now = useNow(10_000);
  const used =
    info.lastUsedAt === undefined
      ? words.neverUsed
      : words.used(relative(info.lastUsedAt, now), showLine(info.lastUsedBy ?? ''));
  const about = [
    ...(info.id.startsWith('secret:')
      ? [info.hosts.length === 0 ? words.toNoHost : words.toHosts(info.hosts.join(', '))]
      : []),
    used,
  ];
  return (
    <Row
      icon={<KeyRound size={16} aria-hidden="true" />}
      title={title}
      text={info.source === 'environment' ? words.fromEnvironment(info.label) : about.join(' · ')}
      onOpen={onOpen}
      facts={<KeyState info={info} />}
    />
  );
}
