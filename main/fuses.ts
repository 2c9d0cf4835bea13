import { createReadStream } from 'node:fs';
import { dirname, join } from 'node:path';

/** By this text the fuses are found in Electron's program; their version (1), number and states follow (@electron/fuses). */
const SENTINEL = Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX');
const OFF = 0x30;
const ON = 0x31;

/** By their place: what stands on them must be so. As `FUSES` in `scripts/package-facts.ts` has them set. */
const WANTED: readonly (readonly [place: number, name: string, state: number])[] = [
  [0, 'RunAsNode', OFF],
  [1, 'EnableCookieEncryption', ON],
  [2, 'EnableNodeOptionsEnvironmentVariable', OFF],
  [3, 'EnableNodeCliInspectArguments', OFF],
  [4, 'EnableEmbeddedAsarIntegrityValidation', ON],
  [5, 'OnlyLoadAppFromAsar', ON],
  [6, 'LoadBrowserProcessSpecificV8Snapshot', OFF],
  [7, 'GrantFileProtocolExtraPrivileges', OFF],
];

/** The file that holds Electron's fuses: on macOS its framework, elsewhere the program itself. */
export function programWithFuses(program: string, platform: NodeJS.Platform): string {
  if (platform !== 'darwin') return program;
  return join(dirname(program), '..', 'Frameworks', 'Electron Framework.framework', 'Electron Framework');
}

/**
 * The fuses of a program that are not set as they must be, by name. Undefined where that cannot be told: it cannot be
 * read, has none, or has them in a form that is not known here.
 */
export async function wrongFuses(program: string): Promise<string[] | undefined> {
  const longest = SENTINEL.length + 2 + WANTED.length;
  let tail: Buffer = Buffer.alloc(0);
  try {
    // Some 200 MB, a piece at a time; what was found may lie across two of them.
    for await (const part of createReadStream(program, { highWaterMark: 1 << 20 })) {
      const seen = Buffer.concat([tail, part as Buffer]);
      const at = seen.indexOf(SENTINEL);
      if (at !== -1 && seen.length >= at + longest) return judge(seen.subarray(at + SENTINEL.length));
      tail = seen.subarray(at === -1 ? Math.max(0, seen.length - SENTINEL.length) : at);
    }
  } catch {
    // Told as not known, below.
  }
  return undefined;
}

function judge(wire: Buffer): string[] | undefined {
  const [version, count = 0] = wire;
  if (version !== 1 || count < WANTED.length) return undefined;
  return WANTED.filter(([place, , state]) => wire[2 + place] !== state).map(([, name]) => name);
}
