import { describe, expect, it } from 'vitest';
import { de } from '../messages/de.ts';
import { en } from '../messages/en.ts';
import { SECTIONS } from './fields.ts';
import { choiceWords, fieldWords, sectionWords } from './words.ts';

describe.each([
  ['English', en],
  ['German', de],
])('in %s', (_language, { settings }) => {
  it('every section and every setting has a name of its own, not its key', () => {
    const unnamed = SECTIONS.flatMap(({ section, fields }) => [
      ...(sectionWords(settings, section).title === section ? [section] : []),
      ...fields.filter((field) => fieldWords(settings, field).name === field.id).map(({ id }) => id),
    ]);
    expect(unnamed).toEqual([]);
  });

  it('every choice of a setting is named', () => {
    const unnamed = SECTIONS.flatMap(({ fields }) =>
      fields.flatMap(({ shape }) =>
        shape.type === 'choice' ? shape.options.filter((one) => choiceWords(settings, one) === one) : [],
      ),
    );
    expect(unnamed).toEqual([]);
  });
});
