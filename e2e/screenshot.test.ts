import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Client } from '@modelcontextprotocol/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CHROMIUM } from './chromium.ts';
import { type Host, Sandbox } from './host.ts';

let box: Sandbox;
let server: Server;
let host: Host;
let client: Client;
let url: string;
let asked: string[];

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.setHeader('content-type', 'text/html');
    response.end(
      `<!doctype html><title>Shop</title><h1>Welcome to the shop</h1><button>Buy</button>
       <script>console.error('broken cart'); fetch('http://127.0.0.1:${Number(new URL(host.ready.mcp).port)}/mcp', { method: 'POST', mode: 'no-cors' }).catch(() => {})</script>`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  box = new Sandbox();
  host = await box.serve();
  client = await box.connect(host, await box.addClient('Claude Code'));
});
afterEach(async () => {
  await box.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function allowed(name: string, args: Record<string, unknown>) {
  const call = client.callTool({ name, arguments: args });
  const { id } = await host.waiting();
  await host.api('approvals.decide', { id, decision: 'allow', scope: 'once' });
  return call;
}

describe.skipIf(!existsSync(CHROMIUM))('the browser tools, through a real client', () => {
  it('take a picture of a page on a server that a person allowed, and keep it for this client [WEB-6]', async () => {
    await host.api('settings.update', { web: { allowedHosts: [`127.0.0.1:${new URL(url).port}`] } });
    const shot = await allowed('screenshot', { url });
    expect(shot.isError).not.toBe(true);
    const kinds = (shot.content as { type: string }[]).map(({ type }) => type);
    expect(kinds).toContain('image');
    const uri = /fastband:\/\/pictures\/[\w-]+/.exec(JSON.stringify(shot.content))?.[0] ?? '';
    const read = await client.readResource({ uri });
    expect(read.contents[0]).toMatchObject({ mimeType: expect.stringMatching(/^image\//) });
    const other = await box.connect(host, await box.addClient('Another'));
    await expect(other.readResource({ uri })).rejects.toThrow();
    const { pictures } = (await host.api('pictures.list', {})) as { pictures: unknown[] };
    expect(pictures).toMatchObject([{ clientName: 'Claude Code', tool: 'screenshot', title: 'Shop' }]);
  });

  it('tell what a page says, and what went wrong in it', async () => {
    await host.api('settings.update', { web: { allowedHosts: [`127.0.0.1:${new URL(url).port}`] } });
    expect(JSON.stringify((await allowed('page_snapshot', { url })).content)).toContain(
      'Welcome to the shop',
    );
    expect(JSON.stringify((await allowed('page_console', { url })).content)).toContain('broken cart');
  });

  it('refuse a page of this machine that nobody allowed, before anybody is asked [WEB-1]', async () => {
    const { _meta } = await client.callTool({ name: 'screenshot', arguments: { url } });
    expect(_meta).toMatchObject({ 'fastband/code': 'url_refused' });
    expect(asked).toEqual([]);
  });

  it('show a file of a workspace', async () => {
    mkdirSync(join(box.workspace, 'site'));
    writeFileSync(
      join(box.workspace, 'site', 'index.html'),
      '<!doctype html><title>File</title><h1>From a file</h1>',
    );
    const call = client.callTool({ name: 'page_snapshot', arguments: { path: 'site/index.html' } });
    const answer = await Promise.race([call, host.waiting()]);
    const done = 'content' in answer ? answer : await decide(answer.id, call);
    expect(JSON.stringify(done.content)).toContain('From a file');
  });
});

async function decide<T>(id: string, call: Promise<T>): Promise<T> {
  await host.api('approvals.decide', { id, decision: 'allow', scope: 'once' });
  return call;
}
