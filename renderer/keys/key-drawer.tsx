import { CircleAlert, Trash2 } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { showLine } from '../../contract/display.ts';
import type { KeyInfo } from '../../contract/keys.ts';
import { Confirm, Drawer, useUnsaved } from '../shared/dialog.tsx';
import { useFormat } from '../shared/format.ts';
import forms from '../shared/forms.module.css';
import { errorText } from '../shared/host.ts';
import { useMessages } from '../shared/language.ts';
import { Button, Notice } from '../shared/parts.tsx';
import { useCommand } from '../shared/query.ts';
import { toast } from '../shared/toast.tsx';
import { hostsOf } from './hosts.ts';
import { KeyState } from './key-state.tsx';
import { ValueInput } from './value-input.tsx';

/** One key: how it is, who used it, and what can be done with it. */
export function KeyDrawer({ info, onClose }: { readonly info: KeyInfo; readonly onClose: () => void }) {
  const m = useMessages();
  const words = m.keys;
  const { exactTime } = useFormat();
  const [removing, setRemoving] = useState(false);
  const remove = useCommand('keys.remove');
  const check = useCommand('keys.check');
  const secret = info.id.startsWith('secret:');
  const name = secret ? info.id.replace(/^secret:/, '') : words.names[info.id as keyof typeof words.names];
  const fixed = info.source === 'environment';
  // Undefined: as they are kept.
  const [hosts, setHosts] = useState<string>();
  const [value, setValue] = useState('');
  const typed = value.trim() !== '' || (hosts !== undefined && hostsOf(hosts).join() !== info.hosts.join());
  const { question, leave } = useUnsaved(typed && !remove.isPending && !remove.isSuccess);
  return (
    <Drawer
      open
      onClose={() => leave(onClose)}
      title={name}
      actions={
        !fixed && (
          <Button look="danger" icon={Trash2} onClick={() => setRemoving(true)}>
            {m.actions.remove}
          </Button>
        )
      }
    >
      <div className={forms.form}>
        {info.state !== 'ok' && <Notice tone="danger">{words.stateTexts[info.state]}</Notice>}
        <dl className={forms.facts}>
          <dt>{words.state}</dt>
          <dd>
            <KeyState info={info} />
          </dd>
          <dt>{words.source}</dt>
          <dd>{fixed ? words.fromEnvironment(info.label) : words.inKeychain}</dd>
          {info.addedAt !== undefined && (
            <>
              <dt>{words.addedAt}</dt>
              <dd>{exactTime(info.addedAt)}</dd>
            </>
          )}
          {/* It is not recorded of keys from the environment. */}
          {!fixed && (
            <>
              <dt>{words.lastUsed}</dt>
              <dd>
                {info.lastUsedAt === undefined
                  ? words.neverUsed
                  : words.used(exactTime(info.lastUsedAt), showLine(info.lastUsedBy ?? ''))}
              </dd>
            </>
          )}
          <dt>{words.inRules}</dt>
          <dd>
            <code>{info.id}</code>
          </dd>
        </dl>
        {!secret && (
          <section className={forms.section}>
            <div className={forms.spread}>
              <h3>{words.check}</h3>
              <Button
                disabled={check.isPending}
                onClick={() => check.mutate({ id: info.id }, { onError: toast.failed })}
              >
                {check.isPending ? words.checking : words.checkNow}
              </Button>
            </div>
            <p className={forms.hint}>
              {info.check === undefined
                ? words.checkText
                : `${words.checkedAt(exactTime(info.check.at))} ${info.check.problem ?? words.checkValid}`}
            </p>
          </section>
        )}
        {secret && <Hosts info={info} text={hosts} onText={setHosts} />}
        {!fixed && <Rotate info={info} provider={!secret} value={value} onValue={setValue} />}
      </div>
      <Confirm
        open={removing}
        onClose={() => setRemoving(false)}
        onConfirm={() =>
          remove.mutate(
            { id: info.id },
            {
              onSuccess: () => {
                toast.done(words.removed(name));
                onClose();
              },
              onError: (error) => {
                setRemoving(false);
                toast.failed(error);
              },
            },
          )
        }
        title={words.removeTitle(name)}
        verb={m.actions.remove}
      >
        <p>{words.removeText}</p>
      </Confirm>
      {question}
    </Drawer>
  );
}

function Hosts({
  info,
  text = info.hosts.join(', '),
  onText,
}: {
  info: KeyInfo;
  text: string | undefined;
  onText: (text: string | undefined) => void;
}) {
  const m = useMessages();
  const words = m.keys;
  const update = useCommand('keys.update');
  const hosts = hostsOf(text);
  return (
    <form
      className={forms.section}
      onSubmit={(event) => {
        event.preventDefault();
        update.mutate(
          { id: info.id, hosts },
          {
            onSuccess: () => {
              onText(undefined);
              toast.done(words.saved);
            },
          },
        );
      }}
    >
      <h3>{words.hosts}</h3>
      <div className={forms.line}>
        <input
          className={`${forms.input} ${forms.code}`}
          aria-label={words.hosts}
          value={text}
          placeholder="api.example.com"
          autoComplete="off"
          spellCheck={false}
          aria-invalid={update.isError}
          onChange={(event) => onText(event.target.value)}
        />
        <Button type="submit" disabled={hosts.join() === info.hosts.join() || update.isPending}>
          {m.actions.save}
        </Button>
      </div>
      <p className={forms.hint}>{words.hostsHint}</p>
      {update.isError && <Problem error={update.error} />}
    </form>
  );
}

function Rotate({
  info,
  provider,
  value,
  onValue,
}: {
  info: KeyInfo;
  provider: boolean;
  value: string;
  onValue: (value: string) => void;
}) {
  const words = useMessages().keys;
  const rotate = useCommand('keys.rotate');
  const send = (unchecked: boolean) =>
    rotate.mutate(
      { id: info.id, value, unchecked },
      {
        onSuccess: () => {
          onValue('');
          toast.done(words.rotated);
        },
      },
    );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (value.trim() !== '') send(false);
  };
  return (
    <form className={forms.section} onSubmit={submit}>
      <h3>{words.rotate}</h3>
      <ValueInput
        id="rotate-value"
        label={words.newValue}
        value={value}
        onChange={onValue}
        invalid={rotate.isError}
      />
      <p className={forms.hint} id="rotate-value-hint">
        {provider ? words.rotateHint : words.rotateSecretHint}
      </p>
      {rotate.isError && <Problem error={rotate.error} />}
      <div className={forms.line}>
        <Button type="submit" disabled={value.trim() === '' || rotate.isPending}>
          {rotate.isPending ? words.checking : words.rotate}
        </Button>
        {provider && rotate.isError && (
          <Button look="danger" onClick={() => send(true)}>
            {words.rotateAnyway}
          </Button>
        )}
      </div>
    </form>
  );
}

function Problem({ error }: { error: unknown }) {
  return (
    <p className={forms.problem} role="alert">
      <CircleAlert size={16} aria-hidden="true" />
      {errorText(error)}
    </p>
  );
}
