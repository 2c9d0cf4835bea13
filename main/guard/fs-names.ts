import { sep } from 'node:path';

/** Longest path taken, in UTF-8 bytes: Linux's PATH_MAX. */
export const MAX_PATH_BYTES = 4096;
const MAX_NAME_BYTES = 255;

const FOLDS_CASE = process.platform === 'darwin' || process.platform === 'win32';

/** The path as the platform tells paths apart: case does not count on macOS and Windows, nor does Unicode form. */
function comparable(path: string): string {
  return FOLDS_CASE ? path.normalize('NFC').toLowerCase() : path;
}

export function isSamePath(a: string, b: string): boolean {
  return a === b || comparable(a) === comparable(b);
}

/** Whether `inner` is `outer` or lies below it, by components: `/ws-evil` is not in `/ws`. Both absolute, normalised. */
export function holds(outer: string, inner: string): boolean {
  const o = comparable(outer);
  const i = comparable(inner);
  return i === o || i.startsWith(o.endsWith(sep) ? o : o + sep);
}

/** As `holds`, for a system that tells case apart, about a place that must not be missed where part of a disk does not. */
export function holdsInAnyCase(outer: string, inner: string): boolean {
  const fold = (path: string) => path.normalize('NFC').toLowerCase();
  return holds(fold(outer), fold(inner));
}

/**
 * Why no file system call may see this path, or undefined. Pure, so that each platform's rules are tested everywhere.
 * Escapes such as `%2e%2e` are not decoded: they are names.
 */
export function pathProblem(path: string, platform: NodeJS.Platform): string | undefined {
  if (path === '') return 'The path is empty. Name a file or folder in a workspace; "." is its root.';
  if (path.includes('\0')) return 'The path holds a NUL character, which no file name can. Send it without.';
  if (!path.isWellFormed())
    return 'The path holds half of a Unicode pair, which no file name can. Send it as valid text.';
  if (Buffer.byteLength(path) > MAX_PATH_BYTES)
    return `The path is longer than ${MAX_PATH_BYTES} bytes. Use a shorter one.`;
  for (const name of path.split(platform === 'win32' ? /[\\/]/ : '/')) {
    if (Buffer.byteLength(name) > MAX_NAME_BYTES)
      return `A name in the path is longer than ${MAX_NAME_BYTES} bytes. Use a shorter one.`;
  }
  return platform === 'win32' ? windowsPathProblem(path) : undefined;
}

// CreateFile opens devices under these names in every folder, with any extension ("NUL.txt").
// Source: "Naming Files, Paths, and Namespaces", Windows documentation; superscript digits count as digits.
const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?:[ .].*)?$/i;

/** Names that Windows takes for something else than the file they spell. */
export function windowsPathProblem(path: string): string | undefined {
  if (/^[\\/]{2}/.test(path)) {
    return 'Network and device paths (beginning with two slashes) are not taken. Use a path in a workspace.';
  }
  for (const name of path.replace(/^[A-Za-z]:[\\/]/, '').split(/[\\/]/)) {
    if (name === '' || name === '.' || name === '..') continue;
    if (name.includes(':'))
      return `"${name}" holds a colon: it would open an alternate stream or another drive. Use a plain name.`;
    if (WINDOWS_DEVICE.test(name)) return `"${name}" is a device on Windows, not a file. Use another name.`;
    if (/[. ]$/.test(name))
      return `"${name}" ends with a dot or a blank, which Windows drops. Use the name without.`;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what Windows refuses
    if (/[<>"|?*\u0001-\u001f]/.test(name))
      return `"${name}" holds a character that Windows does not allow in names.`;
  }
  return undefined;
}

// What HFS+ leaves out when it compares names: `.g\u200cit` opens `.git` there (CVE-2014-9390).
const HFS_IGNORED = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;

/**
 * Whether some file system takes this name for `.git`: any case, with characters that HFS+ ignores, with the trailing
 * dots, blanks or stream that NTFS drops, or as its short name `GIT~1` (CVE-2014-9390, CVE-2019-1352). Whoever writes
 * there can make git run code (hooks, config). Refused everywhere: a checkout moves between platforms.
 */
export function isGitName(name: string): boolean {
  const plain = name
    .replace(HFS_IGNORED, '')
    .normalize('NFKC')
    .toLowerCase()
    .replace(/:.*$/, '')
    .replace(/[. ]+$/, '');
  return plain === '.git' || plain === 'git~1';
}

/** Whether this is the name of the folder with a workspace's own policy, under any case. */
export function isPolicyFolderName(name: string): boolean {
  return (
    name
      .replace(HFS_IGNORED, '')
      .normalize('NFKC')
      .toLowerCase()
      .replace(/[. ]+$/, '') === '.fastband'
  );
}
