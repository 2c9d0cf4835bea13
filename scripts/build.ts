import { existsSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { licencesOf, nativePackages, packageOf } from './licences.ts';

const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');
/** Built beside it and then put in its place: a command that starts meanwhile finds the old build or the new one. */
const DRAFT = join(ROOT, `.dist-${process.pid}`);
const OLD = `${DRAFT}-old`;

/** Native, or carrying a program of their own: they stay packages and are found in node_modules. */
const EXTERNAL = ['better-sqlite3', 'keytar', '@vscode/ripgrep', 'playwright-core', 'electron', 'pg-native'];

/** What the desktop starts: its entry, its threads and its processes. */
const ENTRIES = [
  'main',
  'reader-worker',
  'policy-worker',
  'page-worker',
  'sqlite-process',
  'compare-worker',
  'backup-worker',
].map((one) => `${one}.js`);

/**
 * Importing Node's `http` as an ES module reads all that it exports. `WebSocket` is among it, for which Node then loads
 * a whole HTTP client: 25 ms at each start, for nothing. Taken by its names, it is there at once.
 */
const plainHttp: Plugin = {
  name: 'plain-http',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(?:node:)?http$/ }, ({ kind }) =>
      kind === 'import-statement' ? { path: 'http', namespace: 'plain-http' } : undefined,
    );
    onLoad({ filter: /^/, namespace: 'plain-http' }, () => ({
      contents: `const http = process.getBuiltinModule('node:http');
        export const { Agent, IncomingMessage, METHODS, STATUS_CODES, Server, ServerResponse, createServer, get, request } = http;
        export default http;`,
    }));
  },
};

/** Every file that has a part in what is built. */
const inputs = new Set<string>();

try {
  const host = await build({
    absWorkingDir: ROOT,
    entryPoints: {
      cli: 'main/headless/cli.ts',
      main: 'main/index.ts',
      'reader-worker': 'main/store/reader-worker.ts',
      'policy-worker': 'main/core/policy-worker.ts',
      'page-worker': 'main/tools/web/page-worker.ts',
      'sqlite-process': 'main/tools/databases/sqlite-process.ts',
      'compare-worker': 'main/tools/browser/compare-worker.ts',
      'backup-worker': 'main/backup/backup-worker.ts',
    },
    outdir: DRAFT,
    bundle: true,
    // A command loads only what it uses: "client list" must not wait for the panel or a YAML parser.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22.19',
    external: EXTERNAL,
    plugins: [plainHttp],
    // Half as much to read at each start; names stay, for whoever reads a stack.
    minifySyntax: true,
    minifyWhitespace: true,
    sourcemap: true,
    metafile: true,
    legalComments: 'linked',
    logLevel: 'warning',
    banner: {
      // CommonJS packages in an ES module bundle still ask for Node's modules with `require`.
      js: "import { createRequire as fastbandRequire } from 'node:module'; const require = fastbandRequire(import.meta.url);",
    },
  });
  for (const { inputs: used } of Object.values(host.metafile.outputs))
    for (const [file, { bytesInOutput }] of Object.entries(used)) if (bytesInOutput > 0) inputs.add(file);
  // A sandboxed preload is one CommonJS file.
  await build({
    absWorkingDir: ROOT,
    entryPoints: { main: 'preload/main.ts', approval: 'preload/approval.ts' },
    outdir: join(DRAFT, 'preload'),
    outExtension: { '.js': '.cjs' },
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'chrome146',
    external: ['electron'],
    minifySyntax: true,
    logLevel: 'warning',
  });
  if (existsSync(join(ROOT, 'vite.config.ts'))) {
    const vite = await import('vite');
    const panel = await vite.build({
      configFile: join(ROOT, 'vite.config.ts'),
      logLevel: 'warn',
      build: { outDir: join(DRAFT, 'renderer') },
    });
    for (const { output } of [panel].flat().filter((one) => 'output' in one))
      for (const chunk of output)
        if (chunk.type === 'chunk') for (const file of chunk.moduleIds) inputs.add(file);
  }
  const packages = new Set([...inputs].flatMap((file) => packageOf(file) ?? []));
  const licences = await licencesOf(ROOT, [...packages, ...nativePackages(ROOT)]);
  await writeFile(join(DRAFT, 'licences.json'), JSON.stringify(licences));
  // The installers leave out what only the command line loads.
  await writeFile(join(DRAFT, '.command-line.json'), JSON.stringify(onlyCommandLine(host.metafile)));
  // `npm start` and `npm test` build again when this is missing or older than a source.
  await writeFile(join(DRAFT, '.built'), '');
  if (existsSync(DIST)) await rename(DIST, OLD);
  await rename(DRAFT, DIST);
} finally {
  await rm(OLD, { recursive: true, force: true });
  await rm(DRAFT, { recursive: true, force: true });
}

/** The built files, within `dist`, that neither the desktop's entry nor its worker can come to load. */
function onlyCommandLine({ outputs }: Metafile): string[] {
  const name = (output: string) => relative(DRAFT, join(ROOT, output));
  const used = new Set<string>();
  const visit = (output: string) => {
    if (used.has(output)) return;
    used.add(output);
    for (const { path, external } of outputs[output]?.imports ?? []) if (external !== true) visit(path);
  };
  for (const output of Object.keys(outputs)) if (ENTRIES.includes(name(output))) visit(output);
  return Object.keys(outputs).flatMap((output) =>
    !used.has(output) && output.endsWith('.js') ? [name(output)] : [],
  );
}
