import type { Warning } from '../../../contract/approvals.ts';
import { previewTitle, warning } from '../../../contract/sentences.ts';
import type { Settings } from '../../../contract/settings.ts';
import type { PlanPreview } from '../../core/tool.ts';
import type { Parameter, Rows } from './jobs.ts';
import type { Source } from './source.ts';
import type { PageRoom } from './values.ts';

export function sqlPreview(
  source: Source,
  sql: string,
  params: readonly Parameter[],
  warnings: readonly Warning[] = [],
): PlanPreview {
  return {
    previews: [
      { kind: 'text', title: previewTitle('sql', source.name), text: sql, omitted: 0 },
      ...(params.length === 0
        ? []
        : [
            {
              kind: 'text' as const,
              title: previewTitle('parameters'),
              text: params
                .map((one, at) => `${source.kind === 'server' ? '$' : '?'}${at + 1} = ${JSON.stringify(one)}`)
                .join('\n'),
              omitted: 0,
            },
          ]),
    ],
    warnings: [
      ...(source.kind === 'file' && source.viaLink ? [warning('linkedDatabase', source.name)] : []),
      ...warnings,
    ],
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
