import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CHROMIUM } from './chromium.ts';
import { FaultStage } from './fault-stage.ts';
import { HAS_KEYCHAIN, startKeychain, type TestKeychain } from './keychain.ts';

// The faults of what Fastband works with. The table of this machine's own is in faults.test.ts. How each kind of
// provider's failure is told apart and retried: main/providers/models.integration.test.ts. What a hostile page does to
// its browser: main/tools/browser/hostile-pages.integration.test.ts.

const KEY = 'sk-ant-api03-a-key-that-nobody-sees-0123456789';

let stage: FaultStage;
let keychain: TestKeychain | undefined;
let server: Server;
let url: string;
let answer: RequestListener;

beforeEach(async () => {
  stage = new FaultStage();
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await stage.close();
  keychain?.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Waits for the one question and says yes to it, this once. */
async function allowed(tool: string, args: Record<string, unknown>) {
  const call = stage.call(tool, args);
  await stage.host.allow({ scope: 'once' });
  return call;
}

const answers: RequestListener = (request, response) => {
  request.resume();
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const message = { id: 'm', type: 'message', role: 'assistant', model: 'x', content: [] };
  for (const event of [
    { type: 'message_start', message: { ...message, usage: { input_tokens: 5, output_tokens: 1 } } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'well' } },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } },
    { type: 'message_stop' },
  ])
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  response.end();
};

async function beginWithModels(env: NodeJS.ProcessEnv): Promise<void> {
  await stage.begin(env);
  await stage.host.api('settings.update', {
    providers: { anthropicUrl: url },
    web: { allowedHosts: ['127.0.0.1:*'] },
  });
}

describe('an AI provider', () => {
  it.each<[string, RequestListener]>([
    ['hangs up', (request) => void request.socket.destroy()],
    ['answers with an error', (_request, response) => void response.writeHead(500).end('{}')],
    ['answers with something else', (_request, response) => void response.end('<html>')],
  ])('%s: the call says so, no key is told, and the next one is answered [FLT-5]', async (_how, fails) => {
    await beginWithModels({ ANTHROPIC_API_KEY: KEY, DBUS_SESSION_BUS_ADDRESS: 'unix:path=/none' });
    answer = fails;
    const failed = await allowed('ask_model', { prompt: 'Are you well?', provider: 'anthropic' });
    expect(failed).toMatchObject({ isError: true, _meta: { 'fastband/code': 'provider_failed' } });
    expect(JSON.stringify(failed)).not.toContain(KEY);
    await stage.work();
    answer = answers;
    const next = await allowed('ask_model', { prompt: 'And now?', provider: 'anthropic' });
    expect([next.isError ?? false, JSON.stringify(next.content)]).toEqual([
      false,
      expect.stringContaining('well'),
    ]);
    expect(await stage.host.api('models.spend')).toMatchObject([{ tokens: 7 }]);
    await stage.afterwards();
  });

  it('is not there at all: the call says so, and others go on [FLT-5]', async () => {
    await beginWithModels({ ANTHROPIC_API_KEY: KEY, DBUS_SESSION_BUS_ADDRESS: 'unix:path=/none' });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const failed = await allowed('ask_model', { prompt: 'Is anybody there?', provider: 'anthropic' });
    expect(failed).toMatchObject({ isError: true, _meta: { 'fastband/code': 'provider_failed' } });
    await stage.work();
    await stage.afterwards();
  });
});

describe.skipIf(!HAS_KEYCHAIN)('the keychain', () => {
  it('is lost while the host runs: what needs a key fails and says what to do, all else goes on [FLT-5 KEY-2]', async () => {
    answer = answers;
    keychain = await startKeychain(stage.box.folder);
    await beginWithModels({ ...keychain.env, ANTHROPIC_API_KEY: undefined });
    await stage.host.api('keys.set', { id: 'anthropic', value: KEY });
    const ask = (prompt: string) => allowed('ask_model', { prompt, provider: 'anthropic' });
    expect((await ask('One?')).isError).toBeFalsy();

    keychain.lose();
    const began = performance.now();
    const lost = await ask('Two?');
    expect(lost).toMatchObject({ isError: true, _meta: { 'fastband/code': 'keychain_unavailable' } });
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(JSON.stringify(lost)).not.toContain(KEY);
    await stage.work();
    expect(readFileSync(join(stage.box.home, 'fastband.db')).includes(KEY)).toBe(false);

    // libsecret knows but one keychain in the life of a process, so a person is told to start Fastband again.
    await keychain.comeBack();
    expect(JSON.stringify(await ask('Three?'))).toMatch(/stop Fastband and start it again/);
    await stage.host.stop('SIGTERM');
    await stage.again([], { ...keychain.env, ANTHROPIC_API_KEY: undefined });
    const back = await ask('Four?');
    expect([back.isError ?? false, JSON.stringify(back.content)]).toEqual([
      false,
      expect.stringContaining('well'),
    ]);
    await stage.afterwards();
  });
});

/** Every Chromium that a host has started, its own children too. */
function browsersOf(pid: number): number[] {
  const children = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  return children.stdout
    .split('\n')
    .map(Number)
    .filter((child) => child > 0)
    .flatMap((child) => {
      const name = spawnSync('ps', ['-o', 'args=', '-p', String(child)], { encoding: 'utf8' }).stdout;
      return [...(name.includes('chrom') ? [child] : []), ...browsersOf(child)];
    });
}

describe.skipIf(!existsSync(CHROMIUM) || spawnSync('ps').error !== undefined)('the browser', () => {
  it('is killed in the middle of a call: the call says so, and the next one has a new browser [FLT-5 WEB-5]', async () => {
    await stage.begin();
    await stage.host.api('settings.update', { web: { allowedHosts: [`127.0.0.1:${new URL(url).port}`] } });
    let asked = () => {};
    const underWay = new Promise<void>((resolve) => {
      asked = resolve;
    });
    // It never answers: the browser waits for it when it is killed.
    answer = () => asked();
    const call = allowed('screenshot', { url });
    await underWay;
    const found = browsersOf(stage.host.ready.pid);
    expect(found.length).toBeGreaterThan(0);
    execFileSync('kill', ['-9', ...found.map(String)]);
    expect(await call).toMatchObject({
      isError: true,
      _meta: { 'fastband/code': expect.stringMatching(/^(?:browser_unavailable|fetch_failed)$/) },
    });
    await stage.work();
    answer = (_request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><title>Shop</title><h1>Welcome back</h1>');
    };
    expect((await allowed('screenshot', { url })).isError ?? false).toBe(false);
    await stage.host.stop('SIGTERM');
    expect(browsersOf(stage.host.ready.pid)).toEqual([]);
    await stage.afterwards();
  });
});

describe('200 clients at once', () => {
  it('are each answered, each with its own, and leave every row [FLT-6 ACC-12]', async () => {
    const CLIENTS = 200;
    await stage.begin();
    const { box, host, ledger } = stage;
    const tokens: string[] = [];
    for (let i = 0; i < CLIENTS; i++)
      tokens.push((await host.api('clients.create', { name: `Client ${i}` })).token);
    const clients = await Promise.all(tokens.map((token) => box.connect(host, token)));
    await Promise.all(
      clients.map(async (client, i) => {
        const path = `free/c${i}.txt`;
        const content = `${path}\nof client ${i}\nend of ${path}\n`;
        const wrote = await client.callTool({ name: 'write_file', arguments: { path, content } });
        expect(wrote.isError ?? false).toBe(false);
        const read = await client.callTool({ name: 'read_file', arguments: { path } });
        expect(read.content).toEqual([{ type: 'text', text: content }]);
        const locked = `locked/c${i}.txt`;
        const denied = await client.callTool({ name: 'write_file', arguments: { path: locked, content } });
        expect(denied._meta).toMatchObject({ 'fastband/code': 'denied_by_rule' });
        const callId = String(wrote._meta?.['fastband/callId']);
        ledger.calls.add(callId).add(String(read._meta?.['fastband/callId']));
        ledger.written.set(path, { callId, content });
        ledger.refused.add(locked);
      }),
    );
    expect(ledger.calls.size).toBeGreaterThanOrEqual(2 * CLIENTS);
    for (const i of [0, 99, 199]) {
      const path = `free/c${i}.txt`;
      const [row] = await host.api('audit.call', { callId: ledger.written.get(path)?.callId ?? '' });
      expect(row).toMatchObject({ actor: `Client ${i}`, type: 'call.started' });
    }
    await stage.afterwards();
  });
});
