import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Client } from '@modelcontextprotocol/client';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Host, Sandbox } from './host.ts';

const KEY = 'sk-ant-api03-of-this-test-0123456789';
/** One grey pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==',
  'base64',
);

let box: Sandbox;
let server: Server;
let host: Host;
let client: Client;
let sent: { key: unknown; body: string }[];
let reply: string;

beforeEach(async () => {
  sent = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      sent.push({ key: request.headers.authorization, body });
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const event of [
        {
          type: 'message_start',
          message: {
            id: 'm',
            type: 'message',
            role: 'assistant',
            model: 'x',
            content: [],
            usage: { input_tokens: 12, output_tokens: 1 },
          },
        },
        { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: reply } },
        { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 7 } },
        { type: 'message_stop' },
      ])
        response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  box = new Sandbox();
  writeFileSync(join(box.workspace, 'page.png'), PNG);
  host = await box.serve(undefined, { ANTHROPIC_API_KEY: KEY, DBUS_SESSION_BUS_ADDRESS: 'unix:path=/none' });
  await host.api('settings.update', {
    providers: { anthropicUrl: url },
    web: { allowedHosts: ['127.0.0.1:*'] },
  });
  client = await box.connect(host, await box.addClient('Claude Code'));
});
afterEach(async () => {
  await box.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

it('a model looks at a picture with a key that the client never sees, once a person has seen what is sent [KEY-4 AI-1]', async () => {
  reply = JSON.stringify({
    summary: 'A grey pixel.',
    findings: [{ title: 'Small', severity: 'info', where: 'all of it', why: '1 x 1', suggestion: 'none' }],
  });
  const call = client.callTool({
    name: 'analyze_image',
    arguments: { image: 'page.png', mode: 'ui_review' },
  });
  const waiting = await host.waiting();
  expect(waiting.title).toBe('Claude Code wants to use the anthropic key, and 2 more');
  expect(waiting.effects.map(({ kind }) => kind)).toEqual(['read', 'secret', 'net']);
  const shown = JSON.stringify(waiting.previews);
  for (const part of [
    'page.png',
    'image/png',
    `${PNG.length} bytes`,
    'claude-sonnet-5-5',
    'Review this user interface',
  ])
    expect(shown).toContain(part);
  expect(sent).toEqual([]);
  await host.api('approvals.decide', { id: waiting.id, decision: 'allow', scope: 'once' });
  const { content, isError } = await call;
  expect(isError).not.toBe(true);
  expect(JSON.stringify(content)).toContain('A grey pixel.');
  expect(JSON.stringify(content)).toContain('untrusted');
  expect(sent[0]?.key).toBe(`Bearer ${KEY}`);
  expect(sent[0]?.body).toContain(PNG.toString('base64'));
  const told = JSON.stringify([content, waiting, await host.api('audit.search', { limit: 100 })]);
  expect(told).not.toContain(KEY);
  expect(await host.api('models.spend')).toMatchObject([{ tokens: 19, cents: 0 }]);
});

it('an image that changed after it was shown is not sent [AI-1]', async () => {
  const call = client.callTool({
    name: 'ask_model',
    arguments: { prompt: 'What is this?', images: ['page.png'] },
  });
  const waiting = await host.waiting();
  writeFileSync(join(box.workspace, 'page.png'), Buffer.concat([PNG.subarray(0, 8), Buffer.from('another')]));
  await host.api('approvals.decide', { id: waiting.id, decision: 'allow', scope: 'once' });
  expect((await call)._meta).toMatchObject({ 'fastband/code': 'changed_since_plan' });
  expect(sent).toEqual([]);
});

it('a secret in the prompt is pointed out, and a denial sends nothing', async () => {
  const call = client.callTool({
    name: 'ask_model',
    arguments: { prompt: 'Why does ghp_abcdefghijklmnopqrstuvwxyz0123456789 not work?' },
  });
  const waiting = await host.waiting();
  expect(waiting.warnings).toContainEqual({
    code: 'holdsSecret',
    about: ['GitHub token', expect.any(Number)],
  });
  await host.api('approvals.decide', { id: waiting.id, decision: 'deny' });
  expect((await call).isError).toBe(true);
  expect(sent).toEqual([]);
});

it.each([
  ['is outside of the workspaces', '../../etc/passwd', 'outside_workspace'],
  ['is no image', 'a.txt', 'invalid_input'],
  ['is another client’s picture', 'fastband://pictures/p_1', 'not_found'],
])('an image that %s is refused', async (_, image, code) => {
  writeFileSync(join(box.workspace, 'a.txt'), 'text');
  const { _meta } = await client.callTool({ name: 'analyze_image', arguments: { image } });
  expect(_meta).toMatchObject({ 'fastband/code': code });
});

it('a rule keeps a client from a provider', async () => {
  await host.api('rules.add', { effect: 'deny', match: { kind: 'secret', providers: ['anthropic'] } });
  const { _meta } = await client.callTool({ name: 'ask_model', arguments: { prompt: 'Hello' } });
  expect(_meta).toMatchObject({ 'fastband/code': 'denied_by_rule' });
  expect(sent).toEqual([]);
});

it('each way of looking asks for its own, and an answer that is not what was asked for is an error', async () => {
  await host.api('rules.add', { effect: 'allow', match: { kind: 'secret', providers: ['anthropic'] } });
  await host.api('rules.add', { effect: 'allow', match: { kind: 'net', hosts: ['127.0.0.1'] } });
  const look = (more: object) =>
    client.callTool({ name: 'analyze_image', arguments: { image: 'page.png', ...more } });
  const finding = { title: 'T', severity: 'low', where: 'left', why: 'w', suggestion: 's' };
  reply = JSON.stringify({ summary: 'Seen.', findings: [finding] });
  const modes = ['general', 'ui_review', 'bug_detection', 'accessibility'] as const;
  for (const mode of modes) expect((await look({ mode })).isError).not.toBe(true);
  const asked = sent.map(({ body }) => (JSON.parse(body) as { messages: unknown }).messages);
  expect(new Set(asked.map((one) => JSON.stringify(one))).size).toBe(modes.length);
  for (const [at, words] of [
    'Describe the picture',
    'careful designer',
    'what is broken',
    'WCAG AA',
  ].entries())
    expect(JSON.stringify(asked[at])).toContain(words);

  const requirements = ['The button is green.', 'The total is shown.'];
  reply = JSON.stringify({
    summary: 'One of two.',
    requirements: requirements.map((requirement) => ({ requirement, verdict: 'unsure', evidence: 'none' })),
  });
  const verdicts = await look({ mode: 'verification', requirements });
  expect(JSON.stringify(verdicts.content)).toContain('unsure');
  expect(sent.at(-1)?.body).toContain('1. The button is green.');
  for (const wrong of [{ mode: 'verification' }, { mode: 'general', requirements }])
    expect((await look(wrong))._meta).toMatchObject({ 'fastband/code': 'invalid_input' });

  // The findings of another mode, a severity that there is not, and no JSON at all.
  for (const [text, why] of [
    [reply, 'does not follow the schema'],
    [
      JSON.stringify({ summary: '', findings: [{ ...finding, severity: 'dire' }] }),
      'does not follow the schema',
    ],
    ['I see a picture.', 'is no JSON'],
  ] as const) {
    reply = text;
    const { isError, content, _meta } = await look({ mode: 'general' });
    expect([isError, _meta?.['fastband/code']]).toEqual([true, 'provider_failed']);
    expect(JSON.stringify(content)).toContain(why);
  }
});
