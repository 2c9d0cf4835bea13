import {
  ArrowRight,
  FolderTree,
  Keyboard,
  KeyRound,
  Languages,
  type LucideIcon,
  MonitorSmartphone,
  Power,
  ScrollText,
  SunMoon,
  Wrench,
  Zap,
} from 'lucide-react';
import { PAGE_IDS } from '../../contract/page-ids.ts';
import type { Settings } from '../../contract/settings.ts';
import { ask } from '../shared/host.ts';
import { pressHotkey, useCommandEntries } from '../shared/hotkeys.ts';
import { LANGUAGES, useMessages } from '../shared/language.ts';
import { panel, usePanel } from '../shared/panel.ts';
import { queries, useChannel } from '../shared/query.ts';
import { goTo } from '../shared/route.ts';
import { toast } from '../shared/toast.tsx';
import { PAGE_KEYS } from './page-keys.ts';

export interface Entry {
  readonly id: string;
  readonly label: string;
  readonly note?: string;
  readonly keys?: string;
  readonly icon: LucideIcon;
  readonly run: () => void;
}
export interface EntryGroup {
  readonly value: string;
  readonly items: readonly Entry[];
}

/** Of things there may be hundreds: as many as a list can show. */
const FEW = 6;

/** What the palette offers for what was typed, by group. Whatever else, it can be looked for in the activity. */
export function usePaletteEntries(query: string): EntryGroup[] {
  const m = useMessages();
  const registered = useCommandEntries();
  const actions: Entry[] = [
    ...registered.map(({ id, label, keys, run }) => ({
      id: `action ${id}`,
      label,
      icon: Zap,
      run,
      ...(keys === undefined ? {} : { keys }),
    })),
    {
      id: 'add client',
      label: m.clients.add,
      icon: MonitorSmartphone,
      run: () => goTo('clients', { add: '1' }),
    },
    {
      id: 'add workspace',
      label: m.workspaces.add,
      icon: FolderTree,
      run: () => goTo('workspaces', { add: '1' }),
    },
    {
      id: 'add key',
      label: m.keys.add,
      icon: KeyRound,
      run: () => goTo('keys', { add: '1' }),
    },
    ...useServerEntry(),
    ...useAppearanceEntries(query),
    { id: 'shortcuts', label: m.palette.shortcuts, keys: '?', icon: Keyboard, run: () => pressHotkey('?') },
  ];
  const pages = PAGE_IDS.map(
    (id): Entry => ({
      id: `page ${id}`,
      label: m.pages[id],
      keys: `g ${PAGE_KEYS[id]}`,
      icon: ArrowRight,
      run: () => goTo(id),
    }),
  );
  const things = useThings(query);
  const text = query.trim();
  const groups: EntryGroup[] = [
    { value: m.palette.goTo, items: pages.filter((one) => fits(query, one)) },
    { value: m.palette.actions, items: actions.filter((one) => fits(query, one)) },
    { value: m.palette.things, items: things },
    {
      value: m.pages.activity,
      items:
        text === ''
          ? []
          : [
              {
                id: 'search',
                label: m.palette.search(text),
                icon: ScrollText,
                run: () => goTo('activity', { q: text }),
              },
            ],
    },
  ];
  return groups.filter(({ items }) => items.length > 0);
}

function useServerEntry(): Entry[] {
  const m = useMessages();
  const { status, connection } = usePanel();
  if (status === undefined || connection !== 'live') return [];
  const turn = async () => {
    const after = await ask(status.running ? 'server.stop' : 'server.start', {});
    panel.merge((state) => ({ ...state, status: after }));
  };
  return [
    {
      id: 'server',
      label: status.running ? m.server.stop : m.server.start,
      icon: Power,
      run: () => void turn().catch(toast.failed),
    },
  ];
}

function useAppearanceEntries(query: string): Entry[] {
  const m = useMessages();
  const settings = useChannel('settings.get', {});
  const now = settings.data?.appearance;
  // Seven entries that few look for: they are there when something is typed.
  if (now === undefined || query.trim() === '') return [];
  const set = async (appearance: Partial<Settings['appearance']>) => {
    queries.setQueryData(['settings.get', {}], await ask('settings.update', { appearance }));
  };
  const { themes } = m.palette;
  return [
    ...(['system', 'light', 'dark'] as const).map((theme) => ({
      id: `theme ${theme}`,
      label: m.palette.theme(themes[theme]),
      icon: SunMoon,
      ...(now.theme === theme ? { note: m.palette.now } : {}),
      run: () => void set({ theme }).catch(toast.failed),
    })),
    ...(['system', 'en', 'de'] as const).map((language) => ({
      id: `language ${language}`,
      // Each in its own words: whoever cannot read the panel finds the way out.
      label: m.palette.language(language === 'system' ? themes.system : LANGUAGES[language]),
      icon: Languages,
      ...(now.language === language ? { note: m.palette.now } : {}),
      run: () => void set({ language }).catch(toast.failed),
    })),
  ];
}

/** Clients, tools and workspaces, the last seen first. */
function useThings(query: string): Entry[] {
  const m = useMessages();
  const clients = useChannel('clients.list', {}).data ?? [];
  const tools = useChannel('tools.list', {}).data ?? [];
  const workspaces = useChannel('workspaces.list', {}).data ?? [];
  if (query.trim() === '') return [];
  const all: Entry[] = [
    ...clients
      .filter((one) => one.revokedAt === undefined)
      .toSorted((a, b) => (b.lastSeenAt ?? 0) - (a.lastSeenAt ?? 0))
      .map(({ id, name }) => ({
        id: `client ${id}`,
        label: name,
        note: m.pages.clients,
        icon: MonitorSmartphone,
        run: () => goTo('clients', { client: id }),
      })),
    ...workspaces.map(({ name, root }) => ({
      id: `workspace ${name}`,
      label: name,
      note: root,
      icon: FolderTree,
      run: () => goTo('workspaces', { workspace: name }),
    })),
    ...tools.map(({ name, title }) => ({
      id: `tool ${name}`,
      label: title,
      note: name,
      icon: Wrench,
      run: () => goTo('tools', { tool: name }),
    })),
  ];
  return all.filter((one) => fits(query, one)).slice(0, FEW);
}

/** Every word typed is in the entry's words. */
export function fits(query: string, { label, note = '' }: Pick<Entry, 'label' | 'note'>): boolean {
  const words = `${label} ${note}`.toLocaleLowerCase();
  return query
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => words.includes(word));
}
