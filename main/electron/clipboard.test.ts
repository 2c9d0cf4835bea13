import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { forgetLater } from './clipboard.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

class Held {
  text = 'sk-pasted';
  readText = async () => this.text;
  clear = async () => {
    this.text = '';
  };
}

test('a pasted key is gone from the clipboard after a minute, and not before [KEY-9]', async () => {
  const held = new Held();
  await forgetLater(held);
  await vi.advanceTimersByTimeAsync(59_000);
  expect(held.text).toBe('sk-pasted');
  await vi.advanceTimersByTimeAsync(1000);
  expect(held.text).toBe('');
});

test('what was copied since stays', async () => {
  const held = new Held();
  await forgetLater(held);
  held.text = 'a recipe';
  await vi.advanceTimersByTimeAsync(60_000);
  expect(held.text).toBe('a recipe');
});
