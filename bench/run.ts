import { print, type Report } from './report.ts';

/** Each benchmark, loaded when asked for. */
const BENCHMARKS: Readonly<Record<string, () => Promise<() => Promise<Report>>>> = {
  call: async () => (await import('./call.ts')).call,
  search_files: async () => (await import('./search-files.ts')).searchFiles,
  read_file: async () => (await import('./read-file.ts')).readFile,
  fetch_url: async () => (await import('./fetch-url.ts')).fetchUrl,
  screenshot: async () => (await import('./screenshot.ts')).screenshot,
  query: async () => (await import('./query.ts')).query,
  query_server: async () => (await import('./query.ts')).queryServer,
  serve: async () => (await import('./serve.ts')).serve,
  memory: async () => (await import('./memory.ts')).memory,
  audit: async () => (await import('./audit.ts')).audit,
  panel: async () => (await import('./panel.ts')).panel,
  keys: async () => (await import('./keys.ts')).keys,
};

const names = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const json = process.argv.includes('--json');
const unknown = names.filter((name) => !Object.hasOwn(BENCHMARKS, name));

if (names.length === 0 || unknown.length > 0) {
  if (unknown.length > 0) console.error(`There is no benchmark ${unknown.join(', ')}.`);
  console.error(
    `Usage: npm run bench -- NAME... [--json], where NAME is one of: ${Object.keys(BENCHMARKS).join(', ')}`,
  );
  process.exitCode = 2;
} else {
  // @ts-expect-error -- plain JavaScript, so that it runs on any Node; it has no types
  const { ensureBuilt, ensurePackages, PEERS } = await import('../scripts/setup.mjs');
  ensurePackages();
  ensurePackages(PEERS);
  ensureBuilt();
  for (const name of names) {
    const load = BENCHMARKS[name];
    if (load !== undefined) print(await (await load())(), json);
  }
}
