import { expect, test } from 'vitest';
import { fieldsOf, inputOf } from './input-form.ts';

const SCHEMA = {
  type: 'object',
  properties: {
    limit: { type: 'integer', default: 100 },
    path: { type: 'string', description: 'where' },
    deep: { type: 'boolean', default: false },
    mode: { type: 'string', enum: ['a', 'b'] },
    command: { type: 'array', items: { type: 'string' } },
    edits: { type: 'array', items: { type: 'object' } },
  },
  required: ['path', 'command', 'limit'],
};
const fields = fieldsOf(SCHEMA);

test('each kind of value has its input, and what must be filled comes first', () => {
  expect(fields.map(({ name, kind, required }) => [name, kind, required])).toEqual([
    ['path', 'text', true],
    ['command', 'lines', true],
    ['limit', 'number', false],
    ['deep', 'switch', false],
    ['mode', 'choice', false],
    ['edits', 'json', false],
  ]);
});

test('what was typed becomes the input, and what was left empty is left out', () => {
  expect(
    inputOf(fields, { path: 'src', command: 'npm\ntest\n', limit: '5', edits: '[{"old":"a"}]' }),
  ).toEqual({
    input: { path: 'src', command: ['npm', 'test'], limit: 5, deep: false, edits: [{ old: 'a' }] },
  });
});

test('an empty text is a text where one must be given, a missing list is not', () => {
  expect(inputOf(fields, {})).toEqual({ wrong: ['command'] });
});

test.each([
  ['limit', 'many'],
  ['edits', '[{'],
])('what cannot be read is named: %s', (name, text) => {
  expect(inputOf(fields, { command: 'ls', [name]: text })).toEqual({ wrong: [name] });
});
