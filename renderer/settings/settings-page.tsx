import { SearchX } from 'lucide-react';
import { useEffect, useMemo } from 'react';
import type { Settings } from '../../contract/settings.ts';
import { useMessages } from '../shared/language.ts';
import { PageTitle } from '../shared/page-title.tsx';
import { Button, Empty, Failed, Loading } from '../shared/parts.tsx';
import { useChannel } from '../shared/query.ts';
import { useHashParams } from '../shared/route.ts';
import { SearchField } from '../shared/search-field.tsx';
import { About } from './about.tsx';
import { Backups } from './backups.tsx';
import { type Field, SECTIONS } from './fields.ts';
import { SectionIndex } from './section-index.tsx';
import styles from './settings-page.module.css';
import { SettingsSection } from './settings-section.tsx';
import { Transfer } from './transfer.tsx';
import { fieldWords, sectionWords } from './words.ts';

/** Every setting there is, found by its words, saved as it is changed. */
export function SettingsPage() {
  const m = useMessages();
  const [params, setParams] = useHashParams();
  const asked = useChannel('settings.get', {});
  const query = params.get('q') ?? '';

  return (
    <>
      <PageTitle title={m.pages.settings} />
      <SearchField
        value={query}
        onChange={(text) => setParams({ q: text === '' ? undefined : text })}
        label={m.settings.search}
      />
      {asked.isError && <Failed error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.isPending && <Loading lines={8} />}
      {asked.data !== undefined && (
        <Sections
          settings={asked.data}
          query={query}
          at={params.get('at')}
          onClear={() => setParams({ q: undefined })}
        />
      )}
    </>
  );
}

interface SectionsProps {
  readonly settings: Settings;
  readonly query: string;
  /** A section that a link leads to. */
  readonly at: string | null;
  readonly onClear: () => void;
}

function Sections({ settings, query, at, onClear }: SectionsProps) {
  const m = useMessages();
  useEffect(() => {
    if (at !== null) document.getElementById(`section-${at}`)?.scrollIntoView({ block: 'start' });
  }, [at]);
  const found = useMemo(
    () =>
      SECTIONS.map((one) => ({
        ...one,
        fields: one.fields.filter((field) => matches(query, m.settings, field)),
      })).filter(({ fields }) => fields.length > 0),
    [query, m],
  );
  if (found.length === 0)
    return (
      <Empty icon={SearchX} title={m.settings.nothing(query)}>
        <Button onClick={onClear}>{m.settings.clear}</Button>
      </Empty>
    );
  const searching = query.trim() !== '';
  return (
    <div className={styles.columns}>
      {!searching && (
        <SectionIndex
          label={m.settings.sectionsLabel}
          entries={[
            ...found.map(({ section }) => ({ id: section, name: sectionWords(m.settings, section).title })),
            { id: 'backups', name: m.settings.backups.title },
            { id: 'transfer', name: m.settings.transfer.title },
            { id: 'about', name: m.settings.about.title },
          ]}
        />
      )}
      <div className={styles.sections}>
        {found.map(({ section, fields }) => (
          <SettingsSection
            key={section}
            section={section}
            fields={fields}
            settings={settings}
            whole={!searching}
          />
        ))}
        {!searching && <Backups />}
        {!searching && <Transfer />}
        {!searching && <About />}
      </div>
    </div>
  );
}

/** Every word typed must begin a word of the name, the description, the section or the key. */
function matches(query: string, m: Parameters<typeof fieldWords>[0], field: Field): boolean {
  const { name, text } = fieldWords(m, field);
  const words = `${name} ${text} ${sectionWords(m, field.section).title} ${field.id}`.toLocaleLowerCase();
  return query
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => words.includes(word));
}
