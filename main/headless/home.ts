import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Fastband's own folder: `--home`, else FASTBAND_HOME, else the platform's folder for application data, the same that
 * the desktop app uses.
 */
export function resolveHome(
  option: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const chosen = option ?? env.FASTBAND_HOME;
  // An empty variable is an unset one; an empty option was a mistake that must not mean "here".
  if (chosen) return resolve(chosen);
  return defaultHome(env, platform);
}

export function defaultHome(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  if (platform === 'win32') return join(env.APPDATA || join(homedir(), 'AppData', 'Roaming'), 'Fastband');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Fastband');
  // XDG Base Directory: a relative value is invalid and must be ignored.
  const config = env.XDG_CONFIG_HOME;
  return join(config?.startsWith('/') ? config : join(homedir(), '.config'), 'Fastband');
}
