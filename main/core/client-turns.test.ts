import { describe, expect, it } from 'vitest';
import { ClientTurns } from './client-turns.ts';

const AT_ONCE = 4;
const { signal } = new AbortController();
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('turns of a client', () => {
  it('are there at once while some are free, and then in the order of asking', async () => {
    const turns = new ClientTurns(AT_ONCE);
    const ends = Array.from({ length: AT_ONCE }, () => turns.take('one', signal));
    expect(ends.every((end) => typeof end === 'function')).toBe(true);
    const got: number[] = [];
    const late = [0, 1, 2].map(async (i) => {
      const end = await turns.take('one', signal);
      got.push(i);
      return end;
    });
    await settle();
    expect(got).toEqual([]);
    for (const end of ends.slice(0, 2)) (await end)();
    await settle();
    expect(got).toEqual([0, 1]);
    (await late[0])?.();
    await settle();
    expect(got).toEqual([0, 1, 2]);
  });

  it('are not another client’s', () => {
    const turns = new ClientTurns(AT_ONCE);
    for (let i = 0; i < AT_ONCE; i++) void turns.take('one', signal);
    void turns.take('one', signal);
    expect(turns.take('two', signal)).toBeTypeOf('function');
  });

  it('are not kept for who gave up waiting', async () => {
    const turns = new ClientTurns(AT_ONCE);
    const [end] = Array.from({ length: AT_ONCE }, () => turns.take('one', signal));
    const given = new AbortController();
    const up = turns.take('one', given.signal);
    const next = turns.take('one', signal);
    given.abort(new Error('gone'));
    await expect(up).rejects.toThrow('gone');
    (await end)?.();
    expect(await next).toBeTypeOf('function');
    expect(() => turns.take('one', given.signal)).toThrow('gone');
  });
});
