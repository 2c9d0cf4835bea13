import type { About, Diagnostics } from '../contract/about.ts';
import type { ServerStatus } from '../contract/entities.ts';
import type { Settings } from '../contract/settings.ts';
import type { Redactor } from './core/redact.ts';
import type { Store } from './store/open.ts';

const ERRORS = 20;

export interface DiagnosticsDeps {
  readonly now: number;
  readonly about: About;
  readonly status: ServerStatus;
  readonly settings: Settings;
  readonly store: Pick<Store, 'audit' | 'clients' | 'workspaces' | 'rules' | 'grants' | 'toolSwitches'>;
  readonly tools: number;
  readonly logLines: readonly string[];
  readonly redactor: Redactor;
  /** The person's own folder, written `~`. */
  readonly userHome: string | undefined;
}

/**
 * What helps whoever mends a problem, as one text to read before it is saved. Redacted; workspaces go by their names,
 * other folders by their last part; nothing of what files, rules' notes or calls hold.
 */
export async function createDiagnostics(deps: DiagnosticsDeps): Promise<Diagnostics> {
  const { about, status, settings, store } = deps;
  const day = new Date(deps.now).toISOString();
  const [errors, verified] = await Promise.all([
    store.audit.search({ outcome: 'error', limit: ERRORS }).then(
      ({ rows }) =>
        rows.map(
          (row) => `${new Date(row.at).toISOString()} ${row.type} ${row.tool ?? row.actor}: ${row.summary}`,
        ),
      (error: unknown) => [`cannot be read: ${reason(error)}`],
    ),
    store.audit.verify().then(
      ({ ok, rows, bad }) =>
        ok
          ? `${rows} rows, all as they were written`
          : `row ${bad?.seq ?? '?'} does not fit: ${bad?.problem}`,
      (error: unknown) => `cannot be verified: ${reason(error)}`,
    ),
  ]);
  const { home: _home, mcp: _mcp, panel: _panel, ...state } = status;
  const parts: readonly (readonly [string, readonly string[]])[] = [
    ['Versions', about.versions.map(({ name, version }) => `${name} ${version}`)],
    ['Platform', [about.platform, `MCP ${about.protocols.join(', ')}`]],
    ['State', [json(state)]],
    ['Settings', [json(settings)]],
    ['Counts', countLines(deps)],
    [
      'Rules',
      store.rules.list().map(({ effect, match, client }) => json({ effect, match, client: client ?? 'any' })),
    ],
    ['Activity log', [verified]],
    [`Last ${ERRORS} errors`, errors],
    ['Log', deps.logLines],
  ];
  const text = parts
    .map(([title, lines]) => `## ${title}\n${lines.length === 0 ? 'none' : lines.join('\n')}\n`)
    .join('\n');
  return {
    name: `fastband-diagnostics-${day.slice(0, 10)}.txt`,
    text: `# Fastband diagnostics, ${day}\n\n${shortened(deps, deps.redactor.text(text))}`,
  };
}

function countLines({ store, tools }: DiagnosticsDeps): string[] {
  const clients = store.clients.list();
  return [
    `workspaces: ${store.workspaces.list().length}`,
    `clients: ${clients.filter((one) => one.revokedAt === undefined).length} active, ${clients.length} ever`,
    `rules: ${store.rules.list().length}`,
    `grants: ${store.grants.list().length}`,
    `tools: ${tools}, ${store.toolSwitches.disabled().size} switched off`,
  ];
}

/** Folders tell whose machine this is and what they work on: what is left is what a reader needs. */
function shortened({ store, about, userHome }: DiagnosticsDeps, text: string): string {
  const known: readonly (readonly [string, string])[] = [
    [about.home, '<data>'],
    ...store.workspaces.list().map(({ name, root }): [string, string] => [root, `<workspace ${name}>`]),
    ...(userHome === undefined || userHome.length < 2 ? [] : ([[userHome, '~']] as const)),
  ];
  // The longest first: a workspace may lie in the person's own folder.
  const byLength = [...known].sort(([a], [b]) => b.length - a.length);
  let short = text;
  for (const [path, name] of byLength) short = short.replaceAll(path, name);
  return short
    .replace(
      /(?<![\w.:/~>])(?:\/[^\s/'"`:,()<>]+){2,}/g,
      (path) => `~/…/${path.slice(path.lastIndexOf('/') + 1)}`,
    )
    .replace(/\b[A-Za-z]:\\(?:[^\s\\'"`:]+\\)+/g, '~\\…\\');
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
