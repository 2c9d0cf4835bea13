import { Bookmark, Trash2 } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { Menu } from '../shared/controls.tsx';
import { Dialog } from '../shared/dialog.tsx';
import forms from '../shared/forms.module.css';
import { useMessages } from '../shared/language.ts';
import { Button } from '../shared/parts.tsx';
import { toast } from '../shared/toast.tsx';
import { readViews, type View, writeViews } from './view-store.ts';

/** Filters that a person keeps under a name, in this window's own storage. */
export function Views({ asked }: { readonly asked: string }) {
  const m = useMessages();
  const words = m.activity;
  const [views, setViews] = useState(readViews);
  const [naming, setNaming] = useState(false);
  const [name, setName] = useState('');
  const keep = (next: readonly View[]) => {
    setViews(next);
    writeViews(next);
  };
  const save = (event: FormEvent) => {
    event.preventDefault();
    const plain = name.trim();
    if (plain === '') return;
    keep([...views.filter((one) => one.name !== plain), { name: plain, query: asked }]);
    setNaming(false);
    setName('');
  };
  const current = views.find((one) => one.query === asked);
  return (
    <>
      <Menu
        trigger={<Button icon={Bookmark}>{current?.name ?? words.views}</Button>}
        entries={[
          ...views.map((one) => ({
            label: one.name,
            checked: one === current,
            run: () => {
              window.location.hash = `#/activity?${one.query}`;
            },
          })),
          ...(current !== undefined
            ? [
                {
                  label: words.deleteView(current.name),
                  icon: Trash2,
                  danger: true,
                  run: () => {
                    keep(views.filter((one) => one !== current));
                    toast.done(words.viewDeleted(current.name), { undo: async () => keep(views) });
                  },
                },
              ]
            : [{ label: words.saveView, disabled: asked === '', run: () => setNaming(true) }]),
        ]}
      />
      <Dialog
        open={naming}
        onClose={() => setNaming(false)}
        title={words.saveView}
        actions={
          <>
            <Button onClick={() => setNaming(false)}>{m.actions.cancel}</Button>
            <Button look="primary" type="submit" form="save-view" disabled={name.trim() === ''}>
              {m.actions.save}
            </Button>
          </>
        }
      >
        <form id="save-view" className={forms.field} onSubmit={save}>
          <label htmlFor="view-name">{words.viewName}</label>
          <input
            id="view-name"
            className={forms.input}
            value={name}
            maxLength={60}
            autoComplete="off"
            onChange={(event) => setName(event.target.value)}
          />
        </form>
      </Dialog>
    </>
  );
}
