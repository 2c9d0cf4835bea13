import {
  keepPreviousData,
  QueryClient,
  type UseMutationResult,
  type UseQueryResult,
  useMutation,
  useQuery,
} from '@tanstack/react-query';
import type { Channel, ChannelOutput, ChannelRequest } from '../../contract/channels.ts';
import type { HostEvent } from '../../contract/events.ts';
import { ask, type HostError } from './host.ts';
import { panel } from './panel.ts';

/** Answers stay good until the host tells of a change. The network is this machine: being offline means nothing. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: Number.POSITIVE_INFINITY,
      retry: false,
      networkMode: 'always',
      refetchOnWindowFocus: false,
    },
    mutations: { networkMode: 'always' },
  },
});

/** What a channel answers, kept and renewed when an event says that it has changed. Key: `[channel, input]`. */
export function useChannel<C extends Channel>(
  channel: C,
  input: ChannelRequest<C>,
  options: { readonly enabled?: boolean; readonly keepPrevious?: boolean; readonly refetchMs?: number } = {},
): UseQueryResult<ChannelOutput<C>, HostError> {
  const { enabled = true, keepPrevious = false, refetchMs = false } = options;
  return useQuery<unknown, HostError>({
    queryKey: [channel, input],
    queryFn: () => ask(channel, input),
    enabled,
    refetchInterval: refetchMs,
    ...(keepPrevious ? { placeholderData: keepPreviousData } : {}),
  }) as UseQueryResult<ChannelOutput<C>, HostError>;
}

/** A change that a person makes. What it touches is asked for anew. */
export function useCommand<C extends Channel>(
  channel: C,
): UseMutationResult<ChannelOutput<C>, HostError, ChannelRequest<C>> {
  return useMutation<ChannelOutput<C>, HostError, ChannelRequest<C>>({
    mutationFn: (input) => ask(channel, input),
    onSettled: () => renew([`${channel.split('.')[0]}.`]),
  });
}

/** Asks anew for what channels with these beginnings answered. */
export function renew(prefixes: readonly string[]): void {
  void queries.invalidateQueries({
    predicate: ({ queryKey }) => prefixes.some((prefix) => String(queryKey[0]).startsWith(prefix)),
  });
}

/** Which channels' answers an event makes old: by the first word of an audit row's type. */
const BY_ROW: Readonly<Record<string, readonly string[]>> = {
  client: ['clients.', 'grants.'],
  workspace: ['workspaces.', 'tools.', 'health.'],
  rule: ['rules.'],
  grant: ['grants.'],
  key: ['keys.', 'backups.'],
  tool: ['tools.'],
  settings: ['settings.', 'backups.'],
  server: ['server.', 'health.'],
  undo: ['journal.'],
  picture: ['pictures.'],
  backup: ['backups.'],
  call: ['audit.stats', 'journal.', 'clients.', 'keys.list', 'models.', 'pictures.', 'browser.'],
  audit: ['audit.'],
};

function touchedBy(event: HostEvent): readonly string[] {
  if (event.type === 'settings.changed') return ['settings.'];
  if (event.type === 'server.state') return ['server.', 'health.'];
  if (event.type === 'audit.row') return BY_ROW[event.row.type.split('.')[0] ?? ''] ?? [];
  return [];
}

const GATHER_MS = 250;

/** Keeps answers as they are on the host. Many events in a moment ask once. */
export function followHost(): void {
  const touched = new Set<string>();
  const flush = () => {
    renew([...touched]);
    touched.clear();
  };
  panel.onConnect(() => void queries.invalidateQueries());
  panel.onEvent((event) => {
    const before = touched.size;
    for (const prefix of touchedBy(event)) touched.add(prefix);
    if (before === 0 && touched.size > 0) setTimeout(flush, GATHER_MS);
  });
}
