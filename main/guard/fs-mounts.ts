import { join, relative } from 'node:path';
import { holds } from './fs-names.ts';

/** One line of Linux's `/proc/self/mountinfo` (proc_pid_mountinfo(5)). */
export interface Mount {
  /** `major:minor` of the file system. */
  readonly device: string;
  /** Which folder or file of that file system is mounted. */
  readonly root: string;
  /** Where. */
  readonly at: string;
}

export function parseMounts(mountinfo: string): Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [, , device, root, at] = line.split(' ');
    return device === undefined || root === undefined || at === undefined
      ? []
      : [{ device, root: plain(root), at: plain(at) }];
  });
}

/**
 * Every path under which a folder, or a part of it, is to be had: a mount of it elsewhere (`mount --bind`) is the same
 * folder under another name, which no link shows. A mount that lies beneath another counts too, as one more is only
 * refused in vain.
 *
 * @param folder - real path
 */
export function placesOf(folder: string, mounts: readonly Mount[]): string[] {
  const places = new Set([folder]);
  for (const own of mounts.filter(({ at }) => holds(at, folder))) {
    const path = join(own.root, relative(own.at, folder));
    for (const { device, root, at } of mounts) {
      if (device !== own.device) continue;
      if (holds(path, root)) places.add(at);
      else if (holds(root, path)) places.add(join(at, relative(root, path)));
    }
  }
  return [...places];
}

/** Blanks, tabs, line feeds and backslashes are written in octal. */
function plain(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
