// `npm start [-- arguments]`: sets the checkout up and runs the host with these arguments.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ended, needNode, ROOT, withNode } from './node.mjs';
import { ensureBuilt, ensurePackages, ensurePrograms } from './setup.mjs';

await needNode(fileURLToPath(import.meta.url));
ensurePrograms('git');
ensurePackages();
ensureBuilt();

const host = spawn(process.execPath, [join(ROOT, 'bin', 'fastband'), 'serve', ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: withNode(process.execPath),
});
process.exit(await ended(host));
