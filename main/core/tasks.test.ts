import { expect, test } from 'vitest';
import { Tasks } from './tasks.ts';
import { FakeClock } from './testing.ts';

function tasks() {
  const clock = new FakeClock();
  const told: [string, number, number][] = [];
  return { clock, told, tasks: new Tasks(clock, (...progress) => told.push(progress)) };
}

test('progress goes out ten times a second at most, and the end of it always', async () => {
  const { clock, told, tasks: all } = tasks();
  await all.run('t', async (_, progress) => {
    for (let done = 1; done <= 1000; done++) {
      await clock.advance(1);
      progress(done, 1000);
    }
  });
  expect(told.length).toBeLessThanOrEqual(12);
  expect(told[0]).toEqual(['t', 1, 1000]);
  expect(told.at(-1)).toEqual(['t', 1000, 1000]);
});

test('how far it came is told also when it halts there', async () => {
  const { clock, told, tasks: all } = tasks();
  await all.run('t', async (_, progress) => {
    progress(1, 9);
    progress(2, 9);
    progress(3, 9);
    await clock.advance(1000);
    expect(told).toEqual([
      ['t', 1, 9],
      ['t', 3, 9],
    ]);
    progress(4, 9);
    progress(5, 9);
  });
  await clock.advance(1000);
  expect(told.at(-1)).toEqual(['t', 4, 9]);
});

test('a cancelled task is stopped with its reason, and says nothing more', async () => {
  const { told, tasks: all } = tasks();
  const running = all.run('t', async (signal, progress) => {
    all.cancel('t');
    progress(1, 2);
    signal.throwIfAborted();
  });
  await expect(running).rejects.toMatchObject({ code: 'cancelled' });
  expect(told).toEqual([]);
});

test('a name is free again when its task has ended, and not before', async () => {
  const { tasks: all } = tasks();
  await all.run('t', async () => {
    await expect(all.run('t', async () => 1)).rejects.toMatchObject({ code: 'conflict' });
  });
  expect(await all.run('t', async () => 2)).toBe(2);
  // What has ended cannot be stopped, and asking for it is no error.
  all.cancel('t');
});

test('work that nobody follows tells nothing', async () => {
  const { told, tasks: all } = tasks();
  await all.run(undefined, async (_, progress) => progress(1, 1));
  expect(told).toEqual([]);
});
