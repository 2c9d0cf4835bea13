import { Autocomplete } from '@base-ui/react/autocomplete';
import { Dialog } from '@base-ui/react/dialog';
import { Search } from 'lucide-react';
import { useState } from 'react';
import { useMessages } from '../shared/language.ts';
import { Strokes } from '../shared/strokes.tsx';
import { type Entry, type EntryGroup, usePaletteEntries } from './entries.ts';
import styles from './palette.module.css';

/** Every page, action and thing by its name. */
export function Palette({ onClose }: { readonly onClose: () => void }) {
  const m = useMessages();
  const [query, setQuery] = useState('');
  const groups = usePaletteEntries(query);
  const run = (entry: Entry) => {
    onClose();
    entry.run();
  };
  return (
    <Dialog.Root open onOpenChange={(now) => !now && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles.backdrop} />
        <Dialog.Popup className={styles.popup} aria-label={m.palette.title}>
          <Autocomplete.Root
            open
            inline
            items={groups}
            mode="none"
            autoHighlight="always"
            keepHighlight
            value={query}
            onValueChange={(text, { reason }) => reason !== 'item-press' && setQuery(text)}
            itemToStringValue={(entry: Entry) => entry.label}
          >
            <div className={styles.field}>
              <Search size={16} aria-hidden="true" />
              <Autocomplete.Input
                className={styles.input}
                placeholder={m.palette.placeholder}
                aria-label={m.palette.title}
              />
            </div>
            <Autocomplete.List className={styles.list}>
              {(group: EntryGroup) => (
                <Autocomplete.Group key={group.value} items={group.items}>
                  <Autocomplete.GroupLabel className={styles.group}>{group.value}</Autocomplete.GroupLabel>
                  <Autocomplete.Collection>
                    {(entry: Entry) => (
                      <Autocomplete.Item
                        key={entry.id}
                        value={entry}
                        className={styles.entry}
                        onClick={() => run(entry)}
                      >
                        <entry.icon size={16} strokeWidth={1.75} aria-hidden="true" />
                        <span className={styles.label}>{entry.label}</span>
                        {entry.note !== undefined && <span className={styles.note}>{entry.note}</span>}
                        {entry.keys !== undefined && <Strokes keys={entry.keys} />}
                      </Autocomplete.Item>
                    )}
                  </Autocomplete.Collection>
                </Autocomplete.Group>
              )}
            </Autocomplete.List>
          </Autocomplete.Root>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
