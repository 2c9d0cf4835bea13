import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { Sandbox } from './host.ts';

const box = new Sandbox();
afterAll(() => box.close());

/** Writes down every file that Node loads. */
const NOTE = `import { appendFileSync } from 'node:fs'; import { registerHooks } from 'node:module';
  registerHooks({ load(url, context, next) { appendFileSync(process.env.LOADED, url + '\\n'); return next(url, context); } });`;

/** What only some calls need: each costs a start tens of milliseconds and megabytes. */
const LATER =
  /node_modules\/(@anthropic-ai\/sdk|openai|@google\/genai|playwright-core|pg|libpg-query|keytar|linkedom|@mozilla\/readability|turndown|pngjs|pixelmatch|age-encryption|yaml)\//;

it('a start and a first read load nothing that only other calls need', async () => {
  const list = join(box.folder, 'loaded.txt');
  const host = await box.serve(undefined, {
    LOADED: list,
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(NOTE)}`,
  });
  const client = await box.connect(host, await box.addClient('First'));
  await client.callTool({ name: 'list_directory', arguments: { path: '.' } });
  const files = readFileSync(list, 'utf8')
    .split('\n')
    .filter((url) => url.startsWith('file:'))
    .map((url) => fileURLToPath(url));
  const packages = files.flatMap((file) => [file, ...sourcesOf(file)]);
  expect(packages.some((one) => one.includes('node_modules/zod/'))).toBe(true);
  expect([...new Set(packages.flatMap((one) => LATER.exec(one)?.[1] ?? []))]).toEqual([]);
});

/** What a built file was made of. */
function sourcesOf(file: string): string[] {
  if (!/[\\/]dist[\\/][^\\/]+\.js$/.test(file)) return [];
  return (JSON.parse(readFileSync(`${file}.map`, 'utf8')) as { sources: string[] }).sources;
}
