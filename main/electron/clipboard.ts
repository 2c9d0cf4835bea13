import { createHash } from 'node:crypto';
import type { Clipboard } from 'electron';

/** How long a pasted key may stay in the clipboard. */
const KEEP_MS = 60_000;

/**
 * Takes what is in the clipboard now out of it a minute later, unless something else was copied since. What it was is
 * kept as a hash only.
 */
export async function forgetLater(clipboard: Pick<Clipboard, 'readText' | 'clear'>): Promise<void> {
  const pasted = await clipboard.readText();
  if (pasted === '') return;
  const was = hashOf(pasted);
  setTimeout(() => void forget(clipboard, was).catch(() => {}), KEEP_MS).unref();
}

async function forget(clipboard: Pick<Clipboard, 'readText' | 'clear'>, was: string): Promise<void> {
  if (hashOf(await clipboard.readText()) === was) clipboard.clear();
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
