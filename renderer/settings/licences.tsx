import { useState } from 'react';
import { Drawer } from '../shared/dialog.tsx';
import { useMessages } from '../shared/language.ts';
import { Failed, Loading } from '../shared/parts.tsx';
import { useChannel } from '../shared/query.ts';
import styles from './about.module.css';

/** The packages that are part of Fastband, with their licences' texts. */
export function Licences({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) {
  const m = useMessages().settings.about;
  const asked = useChannel('about.licences', {}, { enabled: open });
  const [query, setQuery] = useState('');
  const wanted = query.trim().toLowerCase();
  const found = (asked.data ?? []).filter(({ name, licence }) =>
    `${name} ${licence}`.toLowerCase().includes(wanted),
  );
  return (
    <Drawer open={open} onClose={onClose} title={m.licences}>
      {asked.isPending && <Loading lines={6} />}
      {asked.isError && <Failed error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.data?.length === 0 && <p>{m.noLicences}</p>}
      {asked.data !== undefined && asked.data.length > 0 && (
        <>
          <input
            type="search"
            className={styles.search}
            value={query}
            placeholder={m.searchLicences(asked.data.length)}
            aria-label={m.searchLicences(asked.data.length)}
            onChange={(event) => setQuery(event.target.value)}
          />
          {found.length === 0 && <p>{m.noSuchLicence}</p>}
          <ul className={styles.list}>
            {found.map(({ name, version, licence, text }) => (
              <li key={`${name} ${version}`}>
                <details>
                  <summary>
                    <code>{name}</code> {version}
                    <span>{licence}</span>
                  </summary>
                  <pre>{text === '' ? m.noText : text}</pre>
                </details>
              </li>
            ))}
          </ul>
        </>
      )}
    </Drawer>
  );
}
