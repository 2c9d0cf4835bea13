import { showLine } from '../../contract/display.ts';
import { FastbandError } from '../core/errors.ts';

/** What the system says no to, in words. Everything else is a defect and stays as it is. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'the system does not let Fastband do that. Its owner can change the permissions',
  EPERM: 'the system does not let Fastband do that. Its owner can change the permissions',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full. Make room and repeat the call',
  EDQUOT: 'the disk quota is used up. Make room and repeat the call',
  EFBIG: 'the file would be larger than this file system takes',
  ENAMETOOLONG: 'the name is longer than this file system takes. Use a shorter one',
  EBUSY: 'it is in use. Close what uses it and repeat the call',
  ETXTBSY: 'it is running. Stop it and repeat the call',
  EMFILE: 'too many files are open. Repeat the call in a moment',
  ENFILE: 'too many files are open. Repeat the call in a moment',
};

/** Runs a change; what the system refuses becomes an error that says why. @throws FastbandError `tool_failed` */
export async function changing<T>(requested: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const reason = REASONS[errorCode(error) ?? ''];
    // Our own errors have codes too, but none of these.
    if (reason === undefined) throw error;
    throw new FastbandError('tool_failed', `${showLine(requested)} could not be changed: ${reason}.`, {
      cause: error,
    });
  }
}

/** The same for all that is not in a workspace, whether it exists or not. */
export function outside(shown: string): FastbandError {
  return new FastbandError(
    'outside_workspace',
    `${shown} does not lead to a place inside a workspace. list_workspaces names the ones there are.`,
  );
}

export function unreadable(shown: string, cause: unknown): FastbandError {
  const long = errorCode(cause) === 'ENAMETOOLONG';
  const why = long
    ? 'is longer than this file system takes'
    : 'cannot be opened: the system does not let Fastband';
  return new FastbandError('path_refused', `${shown} ${why}.`, { cause });
}

/** The system's code of a failed call (`ENOENT`), or undefined. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
