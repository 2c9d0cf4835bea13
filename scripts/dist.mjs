// `npm run dist` makes the installers; `npm run dist:check` packages without Electron and tests what came out.
import { fileURLToPath } from 'node:url';
import { needNode } from './node.mjs';
import { ensureBuilt, ensurePackages, ensurePrograms, FOR_KEYCHAIN } from './setup.mjs';

await needNode(fileURLToPath(import.meta.url));
ensurePrograms(...FOR_KEYCHAIN);
ensurePackages();
ensureBuilt();
const { main } = await import(process.argv.includes('--check') ? './dist-check.ts' : './dist.ts');
process.exitCode = await main();
