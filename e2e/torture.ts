import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { childEndsWithUs } from './ends-with-us.ts';
import { BIN, type Host, Sandbox } from './host.ts';
import { Ledger } from './ledger.ts';
import { type Decisions, decisions, layDownRules, looser } from './permissions.ts';
import { decide, seeded, work } from './torture-load.ts';

export interface TortureOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly progress?: (line: string) => void;
}

export interface TortureReport {
  readonly rounds: number;
  /** Kills before the host said that it was ready; the others were under load. */
  readonly killedStarting: number;
  readonly acknowledged: number;
  readonly lost: number;
  /** Rows of the log in the end, which `fastband audit verify` walked through. */
  readonly rows: number;
  readonly verified: number;
  readonly undone: number;
  readonly seconds: number;
}

const CLIENTS = 4;
/** The host is killed at a random moment of its start in one round of so many. */
const STARTING = 0.2;
const START_MS = 900;
const LOAD_MS = 700;

/**
 * Kills a host with SIGKILL at random moments of its start and of its work, again and again on one home, and after
 * each time holds the next one to all that was answered.
 *
 * @throws Error with all that is not as it must be, its seed and round
 */
export async function torture({ rounds, seed, progress = () => {} }: TortureOptions): Promise<TortureReport> {
  const began = performance.now();
  // The moments are the same for the same seed; how far the load is by then is not.
  const [moment, random] = [seeded(seed), seeded(seed + 1)];
  const box = new Sandbox();
  const ledger = new Ledger(box.home, box.workspace);
  let [killedStarting, verified, undone] = [0, 0, 0];
  try {
    const { tokens, laidDown } = await prepare(box);
    for (let round = 1; round <= rounds; round++) {
      const wrong = (found: readonly string[]) => {
        if (found.length > 0) throw new Error(`seed ${seed}, round ${round}:\n  ${found.join('\n  ')}`);
      };
      if (moment() < STARTING) {
        killedStarting++;
        await killStarting(box, moment() * START_MS);
        continue;
      }
      const host = await serve(box);
      wrong(await held(host, ledger, laidDown));
      verified++;
      undone += await undoOne(host, ledger);
      sweep(box, ledger);
      let going = true;
      const load = { host, ledger, random, round: String(round), going: () => going };
      const clients = await Promise.all(tokens.map((token) => box.connect(host, token)));
      const failed: unknown[] = [];
      const working = [...clients.map((client, i) => work(client, `c${i}`, load)), decide(load)].map((one) =>
        one.catch((error: unknown) => void failed.push(error)),
      );
      await new Promise((resolve) => setTimeout(resolve, 30 + moment() * LOAD_MS));
      going = false;
      await host.kill();
      // A client would wait for the rest of an answer that had begun to stream.
      await Promise.all(clients.map((client) => client.close().catch(() => {})));
      await Promise.all(working);
      wrong(failed.map(String));
      if (round % 10 === 0)
        progress(`${round} of ${rounds} rounds: ${ledger.acknowledged} rows acknowledged, 0 lost`);
    }
    const host = await serve(box);
    const wrong = await held(host, ledger, laidDown);
    const { code } = await host.stop('SIGTERM');
    const verify = await box.run(['audit', 'verify', '--json']);
    const lost = ledger.lost();
    if (code !== 0) wrong.push(`the last host ended with ${code}`);
    if (verify.code !== 0) wrong.push(`audit verify: ${verify.stdout}${verify.stderr}`);
    if (lost > 0) wrong.push(`${lost} acknowledged rows are lost`);
    if (wrong.length > 0) throw new Error(`seed ${seed}, in the end:\n  ${wrong.join('\n  ')}`);
    return {
      rounds,
      killedStarting,
      acknowledged: ledger.acknowledged,
      lost,
      rows: (JSON.parse(verify.stdout) as { rows: number }).rows,
      verified: verified + 1,
      undone,
      seconds: (performance.now() - began) / 1000,
    };
  } finally {
    await box.close();
  }
}

async function prepare(box: Sandbox): Promise<{ tokens: string[]; laidDown: Decisions }> {
  for (const [path, text] of [
    ['base.txt', 'base\n'],
    ['secret/key.txt', 'hidden\n'],
  ] as const) {
    mkdirSync(join(box.workspace, path, '..'), { recursive: true });
    writeFileSync(join(box.workspace, path), text);
  }
  const host = await box.serve();
  await host.api('settings.update', { limits: { callsPerMinute: 0 } });
  await layDownRules(host);
  const tokens: string[] = [];
  for (let i = 0; i < CLIENTS; i++)
    tokens.push((await host.api('clients.create', { name: `Client ${i}` })).token);
  const laidDown = await decisions(host);
  await host.kill();
  return { tokens, laidDown };
}

function serve(box: Sandbox): Promise<Host> {
  return box.serve([], { FASTBAND_LOG: 'warn' });
}

/** Everything that a host must be held to after the one before it was killed. */
async function held(host: Host, ledger: Ledger, laidDown: Decisions): Promise<string[]> {
  const wrong = [...(await ledger.check(host)), ...looser(laidDown, await decisions(host))];
  const { audit, problems } = await host.api('server.status');
  if (audit !== 'ok' || problems.length > 0)
    wrong.push(`the host is not well: ${[audit, ...problems].join(' ')}`);
  const { limits } = await host.api('settings.get');
  if (limits.callsPerMinute !== 0) wrong.push(`a setting is lost: ${JSON.stringify(limits)}`);
  return wrong;
}

/** The last write that was answered can be undone. */
async function undoOne(host: Host, ledger: Ledger): Promise<number> {
  const last = [...ledger.written].at(-1);
  if (last === undefined) return 0;
  await host.api('journal.undo', { callId: last[1].callId });
  ledger.written.delete(last[0]);
  return 1;
}

function sweep(box: Sandbox, ledger: Ledger): void {
  for (const folder of ['free', 'asked']) {
    rmSync(join(box.workspace, folder), { recursive: true, force: true });
    mkdirSync(join(box.workspace, folder));
  }
  ledger.swept();
}

async function killStarting(box: Sandbox, ms: number): Promise<void> {
  const child = spawn(
    process.execPath,
    [BIN, 'serve', '--json', '--home', box.home, '--port', '0', '--panel-port', '0'],
    { stdio: 'ignore' },
  );
  childEndsWithUs(child);
  const ended = once(child, 'exit');
  await new Promise((resolve) => setTimeout(resolve, ms));
  child.kill('SIGKILL');
  await ended;
}
