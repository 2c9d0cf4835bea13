import type { ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';

const children = new Set<ChildProcess>();
const folders = new Set<string>();

process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders) {
    try {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    } catch {
      // What a process that is just ending still writes there stays; nobody is left to tell.
    }
  }
});

/** A process that is not to outlive this one, however this one ends but by SIGKILL. */
export function childEndsWithUs(child: ChildProcess): void {
  children.add(child);
  child.once('exit', () => children.delete(child));
}

/** A folder that is not to be left behind. @returns to be called once it is gone */
export function folderEndsWithUs(folder: string): () => void {
  folders.add(folder);
  return () => folders.delete(folder);
}
