import { expect, test } from 'vitest';
import { previewTitle, previewTitleText, warning, warningText } from '../../contract/sentences.ts';
import { de } from '../../contract/words-de.ts';
import { en } from '../../contract/words-en.ts';
import { newApproval } from './approval-card.ts';

test('a warning or title hides nothing of what it is about, in either language [UI-1]', () => {
  const sly = 'a\u202Eb\u200b\n\u001b[2J\ue000';
  const { previews, warnings } = newApproval(
    {
      callId: 'c1',
      client: { id: 'k1', name: 'Claude Code' },
      tool: 'git_commit',
      toolHash: '',
      planHash: '',
      size: 0,
      explanation: { decision: 'ask', effects: [] },
      preview: {
        previews: [{ kind: 'text', title: previewTitle('message', sly, sly), text: 'x', omitted: 0 }],
        warnings: [warning('runByCi', sly), warning('foreignLetters', sly, sly)],
      },
      timeoutMs: 1000,
    },
    'a1',
    0,
  );
  const said = [en, de].flatMap((m) => [
    ...warnings.map((one) => warningText(one, m)),
    ...previews.flatMap((one) => (one.kind === 'text' ? [previewTitleText(one.title, m)] : [])),
  ]);
  expect(said).toHaveLength(8);
  for (const one of said) expect(one).not.toMatch(/[\p{Cc}\p{Cf}\p{Co}]/u);
  // It says itself that something was hidden.
  expect(warnings.map(({ code }) => code)).toEqual(['runByCi', 'foreignLetters', 'hiddenCharacters']);
});
