import { FolderOpen, ScrollText, Stethoscope } from 'lucide-react';
import { useState } from 'react';
import type { Diagnostics, About as Facts } from '../../contract/about.ts';
import { desktop } from '../shared/bridge.ts';
import { Dialog } from '../shared/dialog.tsx';
import { ask, askDesktop } from '../shared/host.ts';
import { useMessages } from '../shared/language.ts';
import { Button, Copyable, Failed, Loading } from '../shared/parts.tsx';
import { useChannel } from '../shared/query.ts';
import { saveText } from '../shared/save-file.ts';
import { toast } from '../shared/toast.tsx';
import styles from './about.module.css';
import { Licences } from './licences.tsx';
import section from './section.module.css';
import { Updates } from './updates.tsx';

/** What runs here, where its data is, what it is made of, and what to send to whoever mends it. */
export function About() {
  const m = useMessages().settings.about;
  const asked = useChannel('about.get', {});
  const [licences, setLicences] = useState(false);
  const [collecting, setCollecting] = useState(false);
  const [found, setFound] = useState<Diagnostics>();

  const collect = () => {
    setCollecting(true);
    ask('diagnostics.create', {})
      .then(setFound, toast.failed)
      .finally(() => setCollecting(false));
  };

  return (
    <section className={section.section} id="section-about" tabIndex={-1} aria-label={m.title}>
      <header className={section.head}>
        <div>
          <h2>{m.title}</h2>
          <p>{m.text}</p>
        </div>
      </header>
      {asked.isPending && <Loading lines={4} />}
      {asked.isError && <Failed error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.data !== undefined && <Versions facts={asked.data} />}
      {desktop() !== undefined && <Updates />}
      <div className={section.buttons}>
        <Button icon={ScrollText} onClick={() => setLicences(true)}>
          {m.licences}
        </Button>
        <Button icon={Stethoscope} disabled={collecting} onClick={collect}>
          {collecting ? m.collecting : m.diagnostics}
        </Button>
      </div>
      <Licences open={licences} onClose={() => setLicences(false)} />
      {found !== undefined && <DiagnosticsDialog found={found} onClose={() => setFound(undefined)} />}
    </section>
  );
}

function Versions({ facts }: { readonly facts: Facts }) {
  const m = useMessages().settings.about;
  // In a browser, what shows the panel is none of the host's business: the page says it by itself.
  const browser = desktop() === undefined ? browserOf(navigator.userAgent) : undefined;
  return (
    <dl className={styles.facts}>
      {[...facts.versions, ...(browser === undefined ? [] : [browser])].map(({ name, version }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{version}</dd>
        </div>
      ))}
      <div>
        <dt>{m.protocols}</dt>
        <dd>{facts.protocols.join(', ')}</dd>
      </div>
      <div>
        <dt>{m.platform}</dt>
        <dd>{facts.platform}</dd>
      </div>
      <div>
        <dt>{m.folder}</dt>
        <dd className={styles.folder}>
          <Copyable text={facts.home} />
          {desktop() !== undefined && (
            <Button icon={FolderOpen} onClick={() => void askDesktop('desktop.showHome').catch(toast.failed)}>
              {m.show}
            </Button>
          )}
        </dd>
      </div>
    </dl>
  );
}

function DiagnosticsDialog({
  found,
  onClose,
}: {
  readonly found: Diagnostics;
  readonly onClose: () => void;
}) {
  const words = useMessages();
  const m = words.settings.about;
  const save = async () => {
    if (!(await saveText(found.name, found.text))) return;
    onClose();
    toast.done(m.diagnosticsSaved);
  };
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={m.diagnosticsTitle}
      actions={
        <>
          <Button onClick={onClose}>{words.actions.cancel}</Button>
          <Button look="primary" onClick={() => void save().catch(toast.failed)}>
            {words.actions.save}
          </Button>
        </>
      }
    >
      <p>{m.diagnosticsText}</p>
      <pre className={styles.report}>{found.text}</pre>
    </Dialog>
  );
}

function browserOf(agent: string): { name: string; version: string } | undefined {
  for (const [name, pattern] of [
    ['Edge', /Edg\/([\d.]+)/],
    ['Chromium', /Chrome\/([\d.]+)/],
    ['Firefox', /Firefox\/([\d.]+)/],
    ['Safari', /Version\/([\d.]+).*Safari/],
  ] as const) {
    const version = pattern.exec(agent)?.[1];
    if (version !== undefined) return { name, version };
  }
  return undefined;
}
