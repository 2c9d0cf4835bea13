/** What of JSON Schema the tools' inputs use. */
interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly default?: unknown;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** One input of the form. `lines`: a list of texts, one on each line. `json`: whatever no simpler input can hold. */
export interface FormField {
  readonly name: string;
  readonly kind: 'text' | 'number' | 'switch' | 'choice' | 'lines' | 'json';
  readonly required: boolean;
  readonly description: string;
  /** What stands there when nothing is typed. */
  readonly initial: string;
  readonly options: readonly string[];
}

/** The fields of a form for an input schema, those that must be filled first. */
export function fieldsOf(inputSchema: Readonly<Record<string, unknown>>): readonly FormField[] {
  const { properties = {}, required = [] } = inputSchema as Schema;
  return Object.entries(properties)
    .map(([name, schema]): FormField => {
      const kind = kindOf(schema);
      return {
        name,
        kind,
        required: required.includes(name) && schema.default === undefined,
        description: schema.description ?? '',
        initial: schema.default === undefined ? '' : shown(kind, schema.default),
        options: kind === 'choice' ? (schema.enum ?? []).map(String) : [],
      };
    })
    .toSorted((a, b) => Number(b.required) - Number(a.required));
}

function kindOf(schema: Schema): FormField['kind'] {
  if (schema.enum?.every((one) => typeof one === 'string') === true) return 'choice';
  if (schema.type === 'boolean') return 'switch';
  if (schema.type === 'number' || schema.type === 'integer') return 'number';
  if (schema.type === 'string') return 'text';
  return schema.type === 'array' && schema.items?.type === 'string' ? 'lines' : 'json';
}

function shown(kind: FormField['kind'], value: unknown): string {
  if (kind === 'lines' && Array.isArray(value)) return value.join('\n');
  return kind === 'json' ? JSON.stringify(value) : String(value);
}

/**
 * What was typed, as a tool's input. What was left empty is left out, so that the tool's own default counts.
 *
 * @returns the input, or the names of the fields that cannot be read
 */
export function inputOf(
  fields: readonly FormField[],
  typed: Readonly<Record<string, string>>,
): { readonly input: Record<string, unknown> } | { readonly wrong: readonly string[] } {
  const input: Record<string, unknown> = {};
  const wrong: string[] = [];
  for (const field of fields) {
    const text = typed[field.name] ?? field.initial;
    if (text === '' && !(field.required && field.kind === 'text')) {
      if (field.required) wrong.push(field.name);
      continue;
    }
    const value = valueOfText(field.kind, text);
    if (value === undefined) wrong.push(field.name);
    else input[field.name] = value;
  }
  return wrong.length > 0 ? { wrong } : { input };
}

/** @returns undefined for what cannot be read */
function valueOfText(kind: FormField['kind'], text: string): unknown {
  switch (kind) {
    case 'text':
    case 'choice':
      return text;
    case 'switch':
      return text === 'true';
    case 'number': {
      const number = Number(text);
      return Number.isFinite(number) ? number : undefined;
    }
    case 'lines':
      return text.split('\n').filter((line) => line !== '');
    case 'json':
      try {
        return JSON.parse(text) as unknown;
      } catch {
        return undefined;
      }
  }
}
