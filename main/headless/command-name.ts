import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** How this command is called from a shell: its name where PATH has it, else its path. For lines to be pasted. */
export function commandName(env: NodeJS.ProcessEnv = process.env, script = process.argv[1]): string {
  const file = process.platform === 'win32' ? 'fastband.cmd' : 'fastband';
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  if (script === undefined || folders.some((folder) => existsSync(join(folder, file)))) return 'fastband';
  return /^[\w./\\:-]+$/.test(script) ? script : `"${script}"`;
}
