import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKeychain } from '../e2e/keychain.ts';
import { Keychain } from '../main/vault/keychain.ts';
import { type Report, round } from './report.ts';

const READS = 200;

/** One key, read from a real GNOME Keyring: how long whoever uses it waits. */
export async function keys(): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'fastband-bench-keys-'));
  const ring = await startKeychain(folder);
  try {
    Object.assign(process.env, ring.env);
    const keychain = new Keychain();
    await keychain.set('bench', 'a key of the usual length, about sixty characters, as here');
    const times: number[] = [];
    for (let i = 0; i < READS; i++) {
      const began = performance.now();
      await keychain.get('bench');
      times.push(performance.now() - began);
    }
    const sorted = times.toSorted((a, b) => a - b);
    const at = (part: number) => round(sorted[Math.floor(READS * part)] ?? Number.NaN, 2);
    const figures = { readP50Ms: at(0.5), readP95Ms: at(0.95) };
    return {
      name: 'keys',
      rows: [
        { what: 'a key from the keychain', p50: `${figures.readP50Ms} ms`, p95: `${figures.readP95Ms} ms` },
      ],
      figures,
    };
  } finally {
    ring.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
