import type { Effect } from '../../../contract/effects.ts';
import type { Settings } from '../../../contract/settings.ts';
import type { PlanPreview } from '../../core/tool.ts';
import type { PlannedFile } from './file.ts';
import type { Parameter, Rows } from './jobs.ts';
import type { PageRoom } from './values.ts';

/** Whoever asks a database reads its file, so rules about reading the file count too. */
export function askingEffects({ workspace, relative }: PlannedFile): Effect[] {
  return [
    { kind: 'read', workspace, path: relative },
    { kind: 'query', workspace, database: relative, access: 'read' },
  ];
}

/** Whoever changes a database changes its file. */
export function changingEffects({ workspace, relative }: PlannedFile): Effect[] {
  return [
    { kind: 'write', workspace, path: relative, op: 'modify' },
    { kind: 'query', workspace, database: relative, access: 'write' },
  ];
}

export function sqlPreview(
  file: PlannedFile,
  sql: string,
  params: readonly Parameter[],
  warnings: readonly string[] = [],
): PlanPreview {
  return {
    previews: [
      { kind: 'text', title: `SQL on ${file.name}`, text: sql, omitted: 0 },
      ...(params.length === 0
        ? []
        : [
            {
              kind: 'text' as const,
              title: 'Parameters',
              text: params.map((one, at) => `?${at + 1} = ${JSON.stringify(one)}`).join('\n'),
              omitted: 0,
            },
          ]),
    ],
    warnings: [...(file.viaLink ? [`${file.name} is reached through a link.`] : []), ...warnings],
  };
}

/** @param limit - rows that were asked for */
export function roomOf({ databases }: Settings, limit: number | undefined): PageRoom {
  return { rows: Math.min(limit ?? 100, databases.maxRows), bytes: databases.maxBytes };
}

export function rowsSummary({ rows, more, shortened }: Rows): string {
  const cut = shortened === 0 ? '' : `, ${shortened} values shortened`;
  return `${rows.length} rows${more ? ', and there are more' : ''}${cut}`;
}
