import { desktop } from './bridge.ts';
import { askDesktop } from './host.ts';

/**
 * Gives a person a text as a file: the desktop asks where, a browser downloads it.
 *
 * @returns false when they changed their mind
 * @throws HostError when it cannot be written
 */
export async function saveText(name: string, text: string): Promise<boolean> {
  if (desktop() !== undefined) {
    const { path } = (await askDesktop('desktop.saveFile', { name, text })) as { path: string | null };
    return path !== null;
  }
  const url = URL.createObjectURL(new Blob([text], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has its own hold on what it saves once it has begun.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  return true;
}
