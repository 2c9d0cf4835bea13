import { join } from 'node:path';
import { createStream } from 'rotating-file-stream';
import { redactedLog } from '../log.ts';
import type { Log } from '../ports.ts';

/** The desktop's log: files of at most 5 MB in the home folder, the last five kept, readable by the person only. */
export function fileLog(home: string, secrets: () => readonly string[]): Log {
  const stream = createStream('fastband.log', {
    path: join(home, 'logs'),
    size: '5M',
    maxFiles: 5,
    mode: 0o600,
  });
  // A full disk must not end the host; what matters is in the audit log, which says so itself.
  stream.on('error', () => {});
  return redactedLog(stream, secrets);
}
