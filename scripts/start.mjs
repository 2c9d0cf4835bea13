// `npm start [-- arguments]`: sets the checkout up, then begins the desktop app where there can be one, else the host
// without a window. `--headless` asks for the latter; all arguments but `--home` and `--hidden` are its own.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchElectron, findElectron, readArguments, runDesktop, whyNoWindow } from './desktop.mjs';
import { ended, needNode, ROOT, say, withNode } from './node.mjs';
import { ensureBuilt, ensurePackages, ensurePrograms, FOR_KEYCHAIN } from './setup.mjs';

await needNode(fileURLToPath(import.meta.url));
ensurePrograms('git', ...FOR_KEYCHAIN);
ensurePackages();
ensureBuilt();

const { env, platform } = process;
const { serve, app, headless } = readArguments(process.argv.slice(2));
const why = whyNoWindow({ asked: headless, env, platform, uid: process.getuid?.() }) ?? (await tryDesktop());
say(`no desktop app: ${why}. Running the host without a window; its panel opens in a browser.`);
const host = spawn(process.execPath, [join(ROOT, 'bin', 'fastband'), 'serve', ...serve], {
  stdio: 'inherit',
  env: withNode(process.execPath),
});
process.exit(await ended(host));

/** Runs the desktop app to its end, and this process with it. Returns only when it did not start: the reason. */
async function tryDesktop() {
  let electron = findElectron({ env, platform });
  if (electron.fetchable && (await fetchElectron({ env }))) electron = findElectron({ env, platform });
  if (electron.program === undefined) return electron.missing;
  say('starting the desktop app …');
  const { code, failed } = await runDesktop(electron.program, app, { env });
  if (failed === undefined) process.exit(code);
  return failed;
}
