import { RotateCcw } from 'lucide-react';
import type { Settings, SettingsPatch } from '../../contract/settings.ts';
import { ask } from '../shared/host.ts';
import { messages, useMessages } from '../shared/language.ts';
import { Button } from '../shared/parts.tsx';
import { queries } from '../shared/query.ts';
import { toast } from '../shared/toast.tsx';
import { type Field, same, valueIn } from './fields.ts';
import { RestartServer } from './restart-server.tsx';
import styles from './section.module.css';
import { SettingRow } from './setting-row.tsx';
import { fieldWords, sectionWords } from './words.ts';

/** Takes over what the host answered: its event comes a moment later. */
function keep(settings: Settings): void {
  queries.setQueryData(['settings.get', {}], settings);
}

async function save(fields: readonly Field[], values: readonly unknown[]): Promise<void> {
  const patch: Record<string, Record<string, unknown>> = {};
  fields.forEach(({ section, key }, at) => {
    patch[section] = { ...patch[section], [key]: values[at] };
  });
  keep(await ask('settings.update', patch as SettingsPatch));
}

async function reset(
  fields: readonly Field[],
  settings: Settings,
  name: string,
  whole: boolean,
): Promise<void> {
  const [first] = fields;
  if (first === undefined) return;
  const before = fields.map(({ section, key }) => valueIn(settings, section, key));
  keep(await ask('settings.reset', { section: first.section, ...(whole ? {} : { key: first.key }) }));
  toast.done(messages().settings.wasReset(name), { undo: () => save(fields, before) });
}

/** One section of the settings, each setting in a row of its own. */
export function SettingsSection({
  section,
  fields,
  settings,
  whole,
}: {
  readonly section: string;
  readonly fields: readonly Field[];
  readonly settings: Settings;
  /** All of its settings are shown, so that they can go back together. */
  readonly whole: boolean;
}) {
  const m = useMessages();
  const { title, text } = sectionWords(m.settings, section);
  const changed = fields.some((field) => !same(valueIn(settings, field.section, field.key), field.initial));
  return (
    <section className={styles.section} id={`section-${section}`} tabIndex={-1} aria-label={title}>
      <header className={styles.head}>
        <div>
          <h2>{title}</h2>
          {text !== '' && <p>{text}</p>}
        </div>
        {whole && changed && (
          <Button
            icon={RotateCcw}
            className={styles.quiet ?? ''}
            onClick={() => void reset(fields, settings, title, true).catch(toast.failed)}
          >
            {m.settings.resetSection}
          </Button>
        )}
      </header>
      <div className={styles.rows}>
        {fields.map((field) => (
          <SettingRow
            key={field.id}
            field={field}
            value={valueIn(settings, field.section, field.key)}
            onSave={(value) => save([field], [value])}
            onReset={() => reset([field], settings, fieldWords(m.settings, field).name, false)}
          >
            {field.id === 'server.port' && <RestartServer port={settings.server.port} />}
          </SettingRow>
        ))}
      </div>
    </section>
  );
}
