import { showHidden, showLine } from '../contract/display.ts';
import type { JournalDiff } from '../contract/entities.ts';
import type { ChangeJournal } from './core/journal.ts';
import { diffPreview } from './tools/diff-preview.ts';

/** Longest text that is compared, in bytes. */
const MAX_BYTES = 1024 * 1024;

/** What a call did to each file, as a person reads it. */
export async function journalDiffs(journal: ChangeJournal, callId: string): Promise<JournalDiff[]> {
  const texts = await journal.texts(callId);
  return texts.map(({ entry, before, after, changed }) => {
    const { workspace, op } = entry;
    const path = showLine(entry.path);
    const [was, now] = [textOf(before), textOf(after)];
    if (was === undefined || now === undefined)
      return { workspace, path, op, state: changed ? 'changed' : 'other' };
    const diff = diffPreview(path, was, now);
    return { workspace, path, op, state: 'shown', diff: { ...diff, diff: showHidden(diff.diff) } };
  });
}

function textOf(content: Buffer | undefined): string | undefined {
  if (content === undefined || content.length > MAX_BYTES || content.includes(0)) return undefined;
  return content.toString('utf8');
}
