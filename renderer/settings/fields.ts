import { z } from 'zod';
import { DEFAULT_SETTINGS, Settings } from '../../contract/settings.ts';

// The content security policy forbids what zod would compile.
z.config({ jitless: true });

/** One setting as its schema describes it. */
export interface Field {
  /** `server.port`. */
  readonly id: string;
  readonly section: string;
  readonly key: string;
  readonly initial: unknown;
  readonly shape:
    | { readonly type: 'number'; readonly unit: Unit; readonly min: number; readonly max: number }
    | { readonly type: 'switch' }
    | { readonly type: 'choice'; readonly options: readonly string[] }
    | { readonly type: 'names'; readonly pattern: RegExp; readonly max: number }
    | { readonly type: 'text' };
}

/** What a number counts; the names of settings say it. */
export type Unit = 'seconds' | 'days' | 'bytes' | 'plain';

/** The order in which sections are shown; others follow as the schema has them. */
const FIRST = [
  'appearance',
  'desktop',
  'updates',
  'server',
  'approvals',
  'limits',
  'commands',
  'journal',
  'audit',
];

interface JsonSchema {
  readonly type?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
  readonly items?: JsonSchema;
  readonly pattern?: string;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
}

/** Every setting there is, by section. A setting that is added to the schema is here by itself. */
export const SECTIONS: readonly { readonly section: string; readonly fields: readonly Field[] }[] =
  Object.entries((z.toJSONSchema(Settings) as JsonSchema).properties ?? {})
    .map(([section, { properties = {} }]) => ({
      section,
      fields: Object.entries(properties).map(
        ([key, schema]): Field => ({
          id: `${section}.${key}`,
          section,
          key,
          initial: valueIn(DEFAULT_SETTINGS, section, key),
          shape: shapeOf(key, schema),
        }),
      ),
    }))
    .toSorted((a, b) => rank(a.section) - rank(b.section));

export function valueIn(settings: Settings, section: string, key: string): unknown {
  return (settings as unknown as Readonly<Record<string, Readonly<Record<string, unknown>>>>)[section]?.[key];
}

export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function rank(section: string): number {
  const at = FIRST.indexOf(section);
  return at === -1 ? FIRST.length : at;
}

function shapeOf(key: string, schema: JsonSchema): Field['shape'] {
  if (schema.type === 'boolean') return { type: 'switch' };
  if (schema.enum !== undefined) return { type: 'choice', options: schema.enum };
  if (schema.type === 'integer' || schema.type === 'number') {
    const { minimum: min = 0, maximum: max = Number.MAX_SAFE_INTEGER } = schema;
    return { type: 'number', unit: unitOf(key), min, max };
  }
  if (schema.type === 'array')
    return { type: 'names', pattern: new RegExp(schema.items?.pattern ?? ''), max: schema.maxItems ?? 1000 };
  return { type: 'text' };
}

function unitOf(key: string): Unit {
  if (/Seconds$/.test(key)) return 'seconds';
  if (/Days$/.test(key)) return 'days';
  return /Bytes$/.test(key) ? 'bytes' : 'plain';
}
