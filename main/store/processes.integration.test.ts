import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { lockHome } from './lock.ts';
import { entry, openTestStore, tempHome } from './testing.ts';

const here = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);

const PRELUDE = `
  import { openStore } from ${here('./open.ts')};
  import { lockHome } from ${here('./lock.ts')};
  const [home, name] = process.argv.slice(2);
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const clock = { now: Date.now, monotonic: () => performance.now(), after: (ms, run) => { const t = setTimeout(run, ms); t.unref(); return () => clearTimeout(t); } };
`;

/** A real process; its lines come as they are written. */
function start(
  folder: string,
  script: string,
  ...args: string[]
): { child: ChildProcess; lines: string[]; line(): Promise<string> } {
  const file = join(folder, `..`, `child-${Math.random().toString(36).slice(2)}.ts`);
  writeFileSync(file, PRELUDE + script);
  const child = spawn(process.execPath, [file, folder, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  return {
    child,
    lines,
    line: async () => {
      // One that ends without a word must not be waited for.
      if (lines.length === 0) await Promise.race([once(reader, 'line'), once(reader, 'close')]);
      return lines[0] ?? '';
    },
  };
}

async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

describe('kill -9 in the middle of load [LOG-4]', () => {
  /** Appends as fast as it can, and tells each row's number and hash once it is acknowledged. */
  const APPEND = `
    import { writeSync } from 'node:fs';
    const store = openStore({ home, clock, log });
    // Whoever reads may be slower than this writes.
    const tell = (text) => {
      for (let rest = Buffer.from(text); rest.length > 0; ) {
        try {
          rest = rest.subarray(writeSync(1, rest));
        } catch (error) {
          if (error.code !== 'EAGAIN') throw error;
        }
      }
    };
    for (let i = 0; ; i++) {
      const row = store.audit.append({ type: 'call.finished', actor: name, callId: name + '_' + i, summary: 'row ' + i + ' of ' + name });
      tell(row.seq + ' ' + row.hash + '\\n');
      if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  `;

  test('of two processes at once, again and again: every acknowledged row is there and the chain verifies', async () => {
    const { home, store } = openTestStore(tempHome());
    const acknowledged = new Map<number, string>();
    for (let round = 0; round < 3; round++) {
      const children = ['one', 'two'].map((name) => start(home, APPEND, `${name}${round}`));
      await Promise.all(children.map((one) => one.line()));
      // Long enough for both to be at it; where each is when it dies is left to chance.
      await new Promise((resolve) => setTimeout(resolve, 150 + round * 70));
      // A search meanwhile, so that indexing and checkpoints are under way too.
      await store.audit.search({ text: 'row', limit: 10 });
      for (const { child } of children) await kill(child);
      for (const { lines } of children) {
        for (const line of lines) {
          const [seq, hash] = line.split(' ');
          // The last line may have been cut off by the kill.
          if (hash?.length === 64) acknowledged.set(Number(seq), hash);
        }
      }
      const verified = await store.audit.verify();
      expect(verified).toMatchObject({ ok: true, bad: null });
      expect(verified.rows).toBeGreaterThanOrEqual(acknowledged.size);
    }
    expect(acknowledged.size).toBeGreaterThan(100);
    for (const [seq, hash] of acknowledged) expect([seq, store.audit.get(seq)?.hash]).toEqual([seq, hash]);
    // And it goes on, and the index has caught up with all of it.
    const next = store.audit.append(entry(1, { summary: 'afterwards' }));
    expect((await store.audit.search({ text: 'afterwards', limit: 1 })).rows[0]?.seq).toBe(next.seq);
    const counted = await store.audit.search({ text: 'row of one0', limit: 1000 });
    expect(counted.rows.length).toBeGreaterThan(10);
  });

  test('during retention: what is left verifies', async () => {
    // Where it is when it dies is left to chance: until it was in the middle of it.
    for (let tries = 0; tries < 10; tries++) {
      const { home, store } = openTestStore(tempHome());
      store.transaction(() => {
        for (let i = 0; i < 30_000; i++) store.audit.append(entry(i));
      });
      const { child, line } = start(
        home,
        `const store = openStore({ home, clock, log });
         const last = store.audit.append({ type: 'undo', actor: 'person', summary: 'x' });
         console.log('ready');
         await store.audit.retire(last.at);
         console.log('done');`,
      );
      await line();
      // Until some are gone and some are not.
      while (store.audit.get(1) !== undefined) await new Promise((resolve) => setImmediate(resolve));
      await kill(child);
      expect(await store.audit.verify()).toMatchObject({ ok: true });
      if (store.audit.get(29_999) !== undefined) return;
    }
    expect.unreachable('it was never killed in the middle');
  });
});

describe('a home', () => {
  test('opened for the first time by several processes at once is made once', async () => {
    const home = tempHome();
    const children = Array.from({ length: 4 }, (_, i) =>
      start(
        home,
        `const store = openStore({ home, clock, log }); store.clients.create(name); await store.audit.retire(0); console.log('ok'); store.close();`,
        `client ${i}`,
      ),
    );
    const codes = await Promise.all(
      children.map(async ({ child }) => (await once(child, 'exit'))[0] as number),
    );
    expect(codes).toEqual([0, 0, 0, 0]);
    expect(openTestStore(home).store.clients.list()).toHaveLength(4);
  });

  test('has one host at a time; the lock goes with the process, however it ends, and the CLI works beside it', async () => {
    const home = tempHome();
    const hold = () => start(home, `lockHome(home); console.log('held'); setInterval(() => {}, 1000);`);
    const first = hold();
    expect(await first.line()).toBe('held');
    expect(() => lockHome(home)).toThrow(expect.objectContaining({ code: 'home_in_use' }));
    const { store } = openTestStore(home);
    expect(store.audit.append(entry(1)).seq).toBe(1);
    await kill(first.child);
    const unlock = lockHome(home);
    expect(() => lockHome(home)).toThrow(expect.objectContaining({ code: 'home_in_use' }));
    // The refused try must not have taken the lock of this process with it.
    const other = start(
      home,
      `try { lockHome(home); console.log('held'); } catch (error) { console.log(error.code); }`,
    );
    expect(await other.line()).toBe('home_in_use');
    unlock();
    unlock();
    const second = hold();
    expect(await second.line()).toBe('held');
  });

  test('is kept by its process also when what gives it back was thrown away and memory is collected', async () => {
    const home = tempHome();
    const host = start(
      home,
      `import { setFlagsFromString } from 'node:v8';
       import { runInNewContext } from 'node:vm';
       lockHome(home);
       setFlagsFromString('--expose-gc');
       const collect = runInNewContext('gc');
       for (let i = 0; i < 5; i++) { collect(); await new Promise((resolve) => setTimeout(resolve, 10)); }
       console.log('collected');
       setInterval(() => {}, 1000);`,
    );
    expect(await host.line()).toBe('collected');
    expect(() => lockHome(home)).toThrow(expect.objectContaining({ code: 'home_in_use' }));
  });
});

test('a process that is done is not kept by the log’s worker', async () => {
  const home = tempHome();
  const { child, line } = start(
    home,
    `const store = openStore({ home, clock, log });
     store.audit.append({ type: 'undo', actor: 'person', summary: 'x' });
     const { rows } = await store.audit.search({ text: 'x', limit: 1 });
     console.log(rows.length);`,
  );
  const exit = once(child, 'exit');
  expect(await line()).toBe('1');
  expect((await exit)[0]).toBe(0);
});
