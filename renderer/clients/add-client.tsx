import { CircleAlert } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import type { ChannelOutput } from '../../contract/channels.ts';
import { Tabs } from '../shared/controls.tsx';
import { Dialog } from '../shared/dialog.tsx';
import forms from '../shared/forms.module.css';
import { errorText } from '../shared/host.ts';
import { useMessages } from '../shared/language.ts';
import { usePanel } from '../shared/panel.ts';
import { Button, Copyable, Notice } from '../shared/parts.tsx';
import { useChannel, useCommand } from '../shared/query.ts';
import { likelySetUp, setUps } from './set-up.ts';

const USUAL = ['Claude Code', 'Cursor', 'VS Code', 'Codex', 'Claude Desktop'];

/** A new client: its name, then its token, shown this once. */
export function AddClient({ onClose }: { readonly onClose: () => void }) {
  const words = useMessages().clients;
  const [made, setMade] = useState<ChannelOutput<'clients.create'>>();
  return made === undefined ? (
    <Name onClose={onClose} onMade={setMade} />
  ) : (
    <Dialog
      open
      wide
      // Only the button closes it: the token is not shown again.
      onClose={() => {}}
      title={words.ready(made.client.name)}
      actions={
        <Button look="primary" onClick={onClose}>
          {words.copied}
        </Button>
      }
    >
      <Token name={made.client.name} token={made.token} />
    </Dialog>
  );
}

function Name({
  onClose,
  onMade,
}: {
  onClose: () => void;
  onMade: (made: ChannelOutput<'clients.create'>) => void;
}) {
  const m = useMessages();
  const words = m.clients;
  const [name, setName] = useState('');
  const create = useCommand('clients.create');
  const taken = new Set(
    useChannel('clients.list', {})
      .data?.filter((one) => one.revokedAt === undefined)
      .map((one) => one.name),
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== '') create.mutate({ name }, { onSuccess: onMade });
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={words.add}
      actions={
        <>
          <Button onClick={onClose}>{m.actions.cancel}</Button>
          <Button
            look="primary"
            type="submit"
            form="new-client"
            disabled={name.trim() === '' || create.isPending}
          >
            {words.create}
          </Button>
        </>
      }
    >
      <form id="new-client" className={forms.form} onSubmit={submit}>
        <div className={forms.field}>
          <label htmlFor="client-name">{words.name}</label>
          <input
            id="client-name"
            className={forms.input}
            value={name}
            maxLength={100}
            autoComplete="off"
            aria-invalid={create.isError}
            aria-describedby="client-name-hint"
            onChange={(event) => setName(event.target.value)}
          />
          <p className={forms.hint} id="client-name-hint">
            {words.nameHint}
          </p>
          {create.isError && (
            <p className={forms.problem} role="alert">
              <CircleAlert size={16} aria-hidden="true" />
              {errorText(create.error)}
            </p>
          )}
        </div>
        <div className={forms.line}>
          {USUAL.filter((one) => !taken.has(one)).map((one) => (
            <Button key={one} onClick={() => setName(one)}>
              {one}
            </Button>
          ))}
        </div>
      </form>
    </Dialog>
  );
}

function Token({ name, token }: { name: string; token: string }) {
  const words = useMessages().clients;
  const { status } = usePanel();
  const port = useChannel('settings.get', {}).data?.server.port;
  const [way, setWay] = useState(likelySetUp(name));
  const address = status?.mcp ?? `http://127.0.0.1:${port ?? 7850}/mcp`;
  return (
    <div className={forms.form}>
      <Notice tone="warn">{words.once}</Notice>
      <div className={forms.section}>
        <h3>{words.token}</h3>
        <div>
          <Copyable text={token} />
        </div>
      </div>
      <Tabs
        label={words.setUp}
        value={way}
        onChange={setWay}
        tabs={setUps(address, token).map(({ id, name: label, file, text }) => ({
          value: id,
          label,
          content: (
            <div className={forms.section}>
              <p className={forms.hint}>{file === undefined ? words.run : words.putInto(file)}</p>
              <pre className={forms.block}>{text}</pre>
              {id === 'stdio' && <p className={forms.hint}>{words.stdioHint}</p>}
              <CopyText text={text} />
            </div>
          ),
        }))}
      />
    </div>
  );
}

function CopyText({ text }: { text: string }) {
  const m = useMessages();
  const [copied, setCopied] = useState(false);
  return (
    <div className={forms.line}>
      <Button
        onClick={() =>
          void navigator.clipboard.writeText(text).then(
            () => setCopied(true),
            () => setCopied(false),
          )
        }
      >
        {copied ? m.actions.copied : m.actions.copy}
      </Button>
    </div>
  );
}
