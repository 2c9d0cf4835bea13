import { describe, expect, it } from 'vitest';
import { previewTitle } from '../../contract/sentences.ts';
import { diffPreview, textPreview } from './diff-preview.ts';

describe('what a person is shown of a long text', () => {
  const lines = (count: number, of: (i: number) => string) => Array.from({ length: count }, (_, i) => of(i));

  it.each([
    ['few lines are shown whole', lines(2000, (i) => `line ${i}`), 0],
    ['many lines keep both ends', lines(5000, (i) => `line ${i}`), 3000],
    ['a thousand long lines keep both ends', lines(1000, (i) => `${i} ${'x'.repeat(3000)}`), 868],
  ])('%s', (_name, all, omitted) => {
    const shown = textPreview(previewTitle('prompt'), all.join('\n'));
    expect(shown.omitted).toBe(omitted);
    const seen = shown.text.split('\n');
    expect([seen[0], seen.at(-1)]).toEqual([all[0], all.at(-1)]);
    expect(seen.length + omitted).toBe(all.length + (omitted === 0 ? 0 : 1));
    if (omitted > 0) expect(shown.text).toContain(`⋯ ${omitted} lines left out ⋯`);
    expect(shown.text.length).toBeLessThan(410_000);
  });

  it('one enormous line is shortened in its middle, and says so', () => {
    const { diff, added, removed, omitted } = diffPreview('a.min.js', '', `begin${'x'.repeat(4_000_000)}end`);
    expect([added, removed, omitted]).toEqual([1, 0, 0]);
    expect(diff).toMatch(/\+beginx+ … \d{7} characters … x+end/);
    expect(diff.length).toBeLessThan(10_000);
  });
});
