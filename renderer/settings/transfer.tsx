import { Download, Upload } from 'lucide-react';
import { useRef, useState } from 'react';
import type { SettingsImport } from '../../contract/about.ts';
import { Dialog } from '../shared/dialog.tsx';
import { ask } from '../shared/host.ts';
import { useMessages } from '../shared/language.ts';
import { Button, Notice } from '../shared/parts.tsx';
import { renew } from '../shared/query.ts';
import { saveText } from '../shared/save-file.ts';
import { toast } from '../shared/toast.tsx';
import styles from './section.module.css';
import table from './transfer.module.css';
import { fieldWords } from './words.ts';

const MAX_BYTES = 1_000_000;

interface Wanted {
  readonly name: string;
  readonly json: string;
  readonly plan: SettingsImport;
}

/** Settings to a file, and back: what would change is shown first. */
export function Transfer() {
  const m = useMessages();
  const words = m.settings.transfer;
  const file = useRef<HTMLInputElement>(null);
  const [wanted, setWanted] = useState<Wanted>();

  const save = async () => {
    const { name, text } = await ask('settings.export', {});
    if (await saveText(name, text)) toast.done(words.saved);
  };
  const look = async (chosen: File) => {
    if (chosen.size > MAX_BYTES) throw new Error(words.tooLarge);
    const json = await chosen.text();
    setWanted({ name: chosen.name, json, plan: await ask('settings.import', { json, dryRun: true }) });
  };
  const take = async (json: string) => {
    const { text: before } = await ask('settings.export', {});
    const { changes } = await ask('settings.import', { json, dryRun: false });
    setWanted(undefined);
    renew(['settings.']);
    toast.done(words.done(changes.length), {
      undo: async () => {
        await ask('settings.import', { json: before, dryRun: false });
        renew(['settings.']);
      },
    });
  };

  return (
    <section className={styles.section} id="section-transfer" tabIndex={-1} aria-label={words.title}>
      <header className={styles.head}>
        <div>
          <h2>{words.title}</h2>
          <p>{words.text}</p>
        </div>
      </header>
      <div className={styles.buttons}>
        <Button icon={Download} onClick={() => void save().catch(toast.failed)}>
          {words.export}
        </Button>
        <Button icon={Upload} onClick={() => file.current?.click()}>
          {words.import}
        </Button>
        <input
          ref={file}
          type="file"
          accept=".json,application/json"
          hidden
          aria-label={words.import}
          onChange={({ target }) => {
            const [chosen] = target.files ?? [];
            target.value = '';
            if (chosen !== undefined) void look(chosen).catch(toast.failed);
          }}
        />
      </div>
      {wanted !== undefined && (
        <ImportDialog
          wanted={wanted}
          onClose={() => setWanted(undefined)}
          onTake={() => void take(wanted.json).catch(toast.failed)}
        />
      )}
    </section>
  );
}

function ImportDialog({
  wanted: { name, plan },
  onClose,
  onTake,
}: {
  readonly wanted: Wanted;
  readonly onClose: () => void;
  readonly onTake: () => void;
}) {
  const m = useMessages();
  const words = m.settings.transfer;
  const { changes, problems } = plan;
  const good = problems.length === 0 && changes.length > 0;
  return (
    <Dialog
      open
      onClose={onClose}
      title={words.look(name)}
      actions={
        <>
          <Button onClick={onClose}>{good ? m.actions.cancel : m.actions.close}</Button>
          {good && (
            <Button look="primary" onClick={onTake}>
              {words.take(changes.length)}
            </Button>
          )}
        </>
      }
    >
      {problems.length > 0 && (
        <Notice tone="danger">
          <strong>{words.problems(problems.length)}</strong>
          <ul className={table.problems}>
            {problems.map(({ key, message }) => (
              <li key={`${key} ${message}`}>
                {key !== '' && <code>{key}</code>} {message}
              </li>
            ))}
          </ul>
        </Notice>
      )}
      {problems.length === 0 && changes.length === 0 && <p>{words.nothing}</p>}
      {problems.length === 0 && changes.length > 0 && (
        <>
          <p>{words.rest}</p>
          <table className={table.changes}>
            <thead>
              <tr>
                <th scope="col">{words.setting}</th>
                <th scope="col">{words.now}</th>
                <th scope="col">{words.after}</th>
              </tr>
            </thead>
            <tbody>
              {changes.map(({ key, from, to }) => (
                <tr key={key}>
                  <th scope="row">
                    {fieldWords(m.settings, { id: key }).name}
                    <code>{key}</code>
                  </th>
                  <td>{shown(from)}</td>
                  <td>{shown(to)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </Dialog>
  );
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '–' : value.join(', ');
  return String(value);
}
