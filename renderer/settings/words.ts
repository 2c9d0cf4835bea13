import type { Messages } from '../messages/en.ts';
import type { Field } from './fields.ts';

interface Words {
  readonly name: string;
  readonly text: string;
}

/** A setting's name and description; its own key where there are none. */
export function fieldWords(m: Messages['settings'], field: Pick<Field, 'id'>): Words {
  const known: Readonly<Record<string, Words | undefined>> = m.fields;
  return known[field.id] ?? { name: field.id, text: '' };
}

export function sectionWords(m: Messages['settings'], section: string): { title: string; text: string } {
  const known: Readonly<Record<string, { title: string; text: string } | undefined>> = m.sections;
  return known[section] ?? { title: section, text: '' };
}

/** How one of a few is called. */
export function choiceWords(m: Messages['settings'], value: string): string {
  const known: Readonly<Record<string, string | undefined>> = m.choices;
  return known[value] ?? value;
}
