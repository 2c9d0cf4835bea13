import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Client } from '@modelcontextprotocol/client';
import { CHROMIUM } from './chromium.ts';
import type { Host, Sandbox } from './host.ts';

const CART = `import { priceOf } from './prices.ts';
import type { Item } from './items.ts';

export function total(items: readonly Item[]): number {
  let sum = 0;
  for (const item of items) {
    sum += priceOf(item) * item.count;
  }
  return sum;
}
`;
const CHECKOUT = `import { total } from './cart.ts';

export function checkout(cart: Cart, payment: Payment): Receipt {
  const amount = total(cart.items);
  if (amount <= 0) throw new Error('the cart is empty');
  return payment.charge(amount);
}
`;

const FILES: Readonly<Record<string, string>> = {
  'README.md': '# Shop\n\nA small shop.\n',
  'package.json': '{\n  "name": "shop",\n  "scripts": { "test": "node --test" }\n}\n',
  'src/cart.ts': CART,
  'src/checkout.ts': CHECKOUT,
  'src/prices.ts':
    "import type { Item } from './items.ts';\n\nexport const priceOf = (item: Item) => item.cents / 100;\n",
  'src/items.ts': 'export interface Item {\n  cents: number;\n  count: number;\n}\n',
  'test/cart.test.ts':
    "import test from 'node:test';\nimport { total } from '../src/cart.ts';\n\ntest('adds up', () => {\n  total([]);\n});\n",
  '.fastband/policy.yaml':
    'version: 1\nrules:\n  - effect: deny\n    match: { kind: write, paths: ["migrations/**"] }\n    note: Migrations are written by hand\n',
};

function shopPage(colour: string, cart: string): string {
  return `<!doctype html><html lang="en"><title>Shop</title>
<style>
  body { margin: 0; font: 18px system-ui; background: ${colour}; color: #22303c }
  header, main { max-width: 720px; margin: auto; padding: 32px }
  header { display: flex; justify-content: space-between; font-weight: 600 }
  li { display: flex; justify-content: space-between; padding: 16px; margin: 8px 0; background: #fff; border-radius: 8px; list-style: none }
  ul { padding: 0 }
  button { padding: 12px 24px; font: inherit; color: #fff; background: #22303c; border: 0; border-radius: 8px }
</style>
<header><span>Small shop</span><span>Cart</span></header>
<main><h1>${cart}</h1>
<ul><li><span>Pen</span><span>1.80</span></li><li><span>Lamp</span><span>45.00</span></li></ul>
<button>Check out</button></main></html>
`;
}

/** A host with two projects, three clients, and what they did this morning; two questions wait. */
export async function setStage(box: Sandbox): Promise<Host> {
  for (const [name, text] of Object.entries(FILES)) write(join(box.workspace, name), text);
  const site = join(box.folder, 'website');
  write(join(site, 'index.html'), shopPage('#f6f1e7', 'Two pens and a lamp'));
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...args], {
      cwd: box.workspace,
      stdio: 'ignore',
    });
  git('init', '-b', 'main');
  git('add', '.');
  git('commit', '-m', 'A small shop');

  const env = await box.keychain();
  const host = await box.serve(['--workspace', box.workspace], {
    ...env,
    GEMINI_API_KEY: 'AIzaSy-of-a-stage-where-nothing-is-real',
  });
  if (env.DBUS_SESSION_BUS_ADDRESS !== undefined) {
    await host.api('keys.set', { id: 'anthropic', value: 'sk-ant-api03-of-a-stage-where-nothing-is-real' });
    await host.api('keys.set', { id: 'secret:shop-api', value: 'of-a-stage', hosts: ['api.shop.example'] });
    await host.api('keys.set', { id: 'secret:shop-db', value: 'postgres://of-a-stage' });
  }
  await host.api('workspaces.add', { root: site, readOnly: true });
  for (const rule of [
    { effect: 'allow', match: { kind: 'exec', argv: ['node', '--test', '**'] }, note: 'Tests' },
    { effect: 'allow', match: { kind: 'write', paths: ['test/**'] } },
    { effect: 'deny', match: { kind: 'read', paths: ['**/.env*'] }, note: 'Secrets stay here' },
  ])
    await host.api('rules.add', rule);

  const claude = await box.connect(host, await box.addClient('Claude Code'));
  const cursor = await box.connect(host, await box.addClient('Cursor'));
  await box.addClient('Codex');
  await readAround(claude, cursor);
  if (existsSync(CHROMIUM)) {
    const look = { path: 'website/index.html', viewport: { width: 1000, height: 640 } };
    await call(claude, 'screenshot', look);
    write(join(site, 'index.html'), shopPage('#e7f0f6', 'Two pens, a lamp and a chair'));
    await call(claude, 'screenshot', look);
    await call(claude, 'screenshot', { path: 'website/index.html', device: 'iPhone 15' });
  }
  await answered(host, claude, { allow: true, scope: 'hour' }, 'edit_file', {
    path: 'shop/README.md',
    edits: [{ old: 'A small shop.', new: 'A small shop with a cart.' }],
  });
  git('add', '.');
  await answered(host, cursor, { allow: false, reason: 'Commit when the tests pass.' }, 'git_commit', {
    message: 'Round totals',
    path: 'shop',
  });
  await call(claude, 'write_file', {
    path: 'shop/test/total.test.ts',
    content: "import test from 'node:test';\n\ntest.todo('rounds to cents');\n",
  });
  await call(cursor, 'read_file', { path: 'shop/.env' });
  const [codex] = (await host.api('clients.list')).filter((one) => one.name === 'Codex');
  await host.api('clients.update', {
    id: codex?.id ?? '',
    toolsOff: ['run_command', 'delete_path', 'git_commit'],
  });

  void call(claude, 'edit_file', {
    path: 'shop/src/cart.ts',
    edits: [
      {
        old: '  let sum = 0;\n  for (const item of items) {\n    sum += priceOf(item) * item.count;\n  }\n  return sum;',
        new: '  const sum = items.reduce((so, item) => so + priceOf(item) * item.count, 0);\n  return Math.round(sum * 100) / 100;',
      },
    ],
  });
  await host.waiting();
  void call(cursor, 'run_command', { command: ['npm', 'test'], cwd: 'shop' });
  for (let i = 0; i < 200 && (await host.api('approvals.list', { status: 'waiting' })).length < 2; i++)
    await new Promise((resolve) => setTimeout(resolve, 25));
  return host;
}

async function readAround(claude: Client, cursor: Client): Promise<void> {
  for (const path of Object.keys(FILES)) await call(claude, 'read_file', { path: `shop/${path}` });
  await call(claude, 'list_directory', { path: 'shop/src' });
  await call(claude, 'search_files', { pattern: 'total', path: 'shop' });
  await call(cursor, 'git_status', { path: 'shop' });
  await call(cursor, 'find_files', { pattern: '**/*.ts', path: 'shop' });
  await call(cursor, 'git_diff', { path: 'shop' });
  await call(cursor, 'git_log', { path: 'shop' });
}

async function answered(
  host: Host,
  client: Client,
  answer: { allow: boolean; scope?: string; reason?: string },
  name: string,
  input: Record<string, unknown>,
): Promise<void> {
  const waits = call(client, name, input);
  const late = new Promise<'over'>((resolve) => void waits.then(() => resolve('over')));
  const waiting = await Promise.race([host.waiting(), late]);
  if (waiting === 'over') throw new Error(`${name} did not ask: ${JSON.stringify(await waits)}`);
  await host.api('approvals.decide', {
    id: waiting.id,
    decision: answer.allow ? 'allow' : 'deny',
    scope: answer.scope ?? 'once',
    ...(answer.reason === undefined ? {} : { reason: answer.reason }),
  });
  await waits;
}

/** What a tool answers; a refusal is an answer as well. Once the host is gone, nothing. */
function call(client: Client, name: string, input: Record<string, unknown>): Promise<unknown> {
  return client.callTool({ name, arguments: input }).catch(() => undefined);
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
