import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ModelLimits } from '../../contract/entities.ts';
import type { Provider } from '../../contract/keys.ts';
import {
  DEFAULT_SETTINGS,
  mergeSettings,
  type Settings,
  type SettingsPatch,
} from '../../contract/settings.ts';
import { FakeClock } from '../core/testing.ts';
import { createNet } from '../guard/net.ts';
import { fakeKeys } from '../vault/testing.ts';
import { Budget, type SpendLog } from './budget.ts';
import { type Candidate, Models } from './models.ts';

/** What each API answers, as its documentation and the SDK's own types have it. */
type Script = (request: IncomingMessage, body: string, response: ServerResponse) => void;

const CLIENT = { id: 'k1', name: 'Claude Code' };
const KEY = 'sk-the-key-of-this-test-0123456789';

let server: Server;
let base: string;
let script: Script;
let asked: { path: string; headers: IncomingMessage['headers']; body: Record<string, unknown> }[];
let clock: FakeClock;
let spent: Map<string, { tokens: number; microcents: number }>;
let settings: Settings;
let ownLimits: ModelLimits;

beforeEach(async () => {
  asked = [];
  clock = new FakeClock();
  spent = new Map();
  ownLimits = { dailyTokens: null, dailyCents: null };
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      asked.push({
        path: request.url ?? '',
        headers: request.headers,
        body: body === '' ? {} : (JSON.parse(body) as Record<string, unknown>),
      });
      script(request, body, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  settings = mergeSettings(DEFAULT_SETTINGS, { web: { allowedHosts: ['127.0.0.1:*'] } });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function models(more: SettingsPatch = {}): Models {
  settings = mergeSettings(settings, more);
  const log: SpendLog = {
    of: (day, clientId) => ({
      clientId,
      ...(spent.get(`${day} ${clientId}`) ?? { tokens: 0, microcents: 0 }),
    }),
    list: () => [],
    add: (day, clientId, tokens, microcents) => {
      const before = spent.get(`${day} ${clientId}`) ?? { tokens: 0, microcents: 0 };
      spent.set(`${day} ${clientId}`, {
        tokens: before.tokens + tokens,
        microcents: before.microcents + microcents,
      });
    },
  };
  return new Models({
    net: createNet({ allowedHosts: () => settings.web.allowedHosts }),
    keys: fakeKeys({ anthropic: KEY, openai: KEY, google: KEY }),
    budget: new Budget(
      log,
      clock,
      () => settings,
      () => ownLimits,
    ),
    patience: { firstMs: 1, mostMs: 30, attempts: 2, openMs: 100, silenceMs: 300 },
  });
}

const of = (provider: Provider, model = 'model-1'): Candidate => ({ provider, model, baseUrl: base });
const call = (signal = new AbortController().signal, told: string[] = []) => ({
  client: CLIENT,
  signal,
  progress: (message: string) => void told.push(message),
});
const request = { prompt: 'Hello', images: [], maxTokens: 100 };

function sse(response: ServerResponse, events: readonly (object | string)[], end = true): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of events) {
    const name = typeof event === 'object' && 'type' in event ? `event: ${String(event.type)}\n` : '';
    response.write(`${name}data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`);
  }
  if (end) response.end();
}

const ANSWERS: Readonly<Record<Provider, (text: string) => (object | string)[]>> = {
  anthropic: (text) => [
    {
      type: 'message_start',
      message: {
        id: 'm',
        type: 'message',
        role: 'assistant',
        model: 'model-1',
        content: [],
        usage: { input_tokens: 12, output_tokens: 1 },
      },
    },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    ...text.split(/(?<= )/).map((piece) => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'text_delta', text: piece },
    })),
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 7 } },
    { type: 'message_stop' },
  ],
  openai: (text) => [
    ...text.split(/(?<= )/).map((content) => ({
      id: 'c',
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta: { content }, finish_reason: null }],
    })),
    { id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
    {
      id: 'c',
      object: 'chat.completion.chunk',
      choices: [],
      usage: { prompt_tokens: 12, completion_tokens: 7, total_tokens: 19 },
    },
    '[DONE]',
  ],
  google: (text) => [
    ...text
      .split(/(?<= )/)
      .map((piece) => ({ candidates: [{ content: { role: 'model', parts: [{ text: piece }] } }] })),
    {
      candidates: [{ content: { role: 'model', parts: [{ text: '' }] }, finishReason: 'STOP' }],
      usageMetadata: { promptTokenCount: 12, candidatesTokenCount: 7 },
    },
  ],
};
const PROVIDERS = ['anthropic', 'openai', 'google'] as const;

describe.each(PROVIDERS)('%s, through its own SDK', (provider) => {
  const good: Script = (_request, _body, response) => sse(response, ANSWERS[provider]('Hello to you'));

  test('answers, and what it used is charged', async () => {
    script = good;
    const done = await models().complete([of(provider)], request, call());
    expect(done).toMatchObject({ provider, text: 'Hello to you', usage: { input: 12, output: 7 } });
    expect([...spent.values()]).toEqual([{ tokens: 19, microcents: 0 }]);
  });

  test('gets system, images and schema in its own form, and the key in its own header', async () => {
    script = good;
    await models().complete(
      [of(provider)],
      {
        ...request,
        system: 'Be brief.',
        images: [{ mimeType: 'image/png', data: 'aW1n' }],
        schema: { type: 'object', properties: { a: { type: 'string' } } },
      },
      call(),
    );
    const [sent] = asked;
    const body = JSON.stringify(sent?.body);
    for (const part of ['Be brief.', 'aW1n', 'Hello', '"properties"']) expect(body).toContain(part);
    expect(body).not.toContain(KEY);
    expect(sent?.path).not.toContain(KEY);
    expect(JSON.stringify(sent?.headers)).toContain(KEY);
  });

  test.each([
    [401, 'provider_failed', 'does not take the key', 1],
    [404, 'provider_failed', 'knows no such model', 1],
    [400, 'provider_failed', 'refused this request', 1],
    [429, 'provider_failed', 'asks for fewer requests', 3],
    [500, 'provider_failed', 'has a problem of its own', 3],
    [302, 'provider_failed', 'redirect', 1],
  ])('%i becomes words of ours, without the key', async (status, code, words, tries) => {
    script = (_request, _body, response) =>
      response
        .writeHead(status, { 'content-type': 'application/json', location: 'http://127.0.0.1:9/' })
        .end(JSON.stringify({ error: { message: `bad key ${KEY}`, type: 'x' } }));
    const error = await models()
      .complete([of(provider)], request, call())
      .catch((one: Error & { code?: string }) => one);
    expect(error).toMatchObject({ code, message: expect.stringContaining(words) });
    expect(String(error)).not.toContain(KEY);
    expect(asked).toHaveLength(tries);
  });

  test('a stream that is cut is tried again, and what was written is charged', async () => {
    let tries = 0;
    script = (_request, _body, response) => {
      tries++;
      if (tries < 3) {
        sse(response, ANSWERS[provider]('Hello to you').slice(0, 3), false);
        setTimeout(() => response.destroy(), 20);
      } else sse(response, ANSWERS[provider]('Hello to you'));
    };
    expect(await models().complete([of(provider)], request, call())).toMatchObject({ text: 'Hello to you' });
    expect(asked).toHaveLength(3);
    expect([...spent.values()][0]?.tokens).toBeGreaterThan(19);
  });

  test('sends no header that an SDK would take from a variable', async () => {
    script = good;
    vi.stubEnv('ANTHROPIC_CUSTOM_HEADERS', 'x-own: from-a-variable');
    vi.stubEnv('OPENAI_CUSTOM_HEADERS', 'x-own: from-a-variable\nauthorization: Bearer of-another');
    await models().complete([of(provider)], request, call());
    expect(JSON.stringify(asked[0]?.headers)).not.toMatch(/from-a-variable|of-another/);
    expect(process.env.OPENAI_CUSTOM_HEADERS).toContain('from-a-variable');
  });

  test('a call that is cancelled ends its request', async () => {
    const controller = new AbortController();
    let closed = false;
    script = (_request, _body, response) => {
      sse(response, ANSWERS[provider]('Hello to you').slice(0, 2), false);
      response.on('close', () => {
        closed = true;
      });
      setTimeout(() => controller.abort(new Error('stop')), 30);
    };
    await expect(models().complete([of(provider)], request, call(controller.signal))).rejects.toThrow('stop');
    await expect.poll(() => closed).toBe(true);
  });

  test('lists its models, once in a while', async () => {
    script = (_request, _body, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(
        JSON.stringify(
          provider === 'google'
            ? { models: [{ name: 'models/gemini-x' }] }
            : {
                object: 'list',
                data: [{ id: 'gemini-x', type: 'model', object: 'model' }],
                has_more: false,
                first_id: 'a',
                last_id: 'a',
              },
        ),
      );
    const some = models();
    expect(await some.list(of(provider), call())).toEqual(['gemini-x']);
    expect(await some.list(of(provider), call())).toEqual(['gemini-x']);
    expect(asked).toHaveLength(1);
  });
});

describe('when one provider fails', () => {
  test('the next one in the plan answers, and none that is not in it [AI-4]', async () => {
    script = (incoming, _body, response) => {
      if (incoming.url?.startsWith('/v1/messages')) response.writeHead(529).end('{}');
      else sse(response, ANSWERS.openai('From the second'));
    };
    const told: string[] = [];
    const done = await models().complete([of('anthropic'), of('openai')], request, call(undefined, told));
    expect(done).toMatchObject({ provider: 'openai', text: 'From the second' });
    expect(told).toContain('anthropic failed; asking the next one.');
    expect(asked.every(({ path }) => !path.includes('v1beta'))).toBe(true);
  });

  test('a request that nobody takes is not sent on', async () => {
    script = (_request, _body, response) =>
      response
        .writeHead(400, { 'content-type': 'application/json' })
        .end('{"error":{"message":"too many images"}}');
    await expect(models().complete([of('anthropic'), of('openai')], request, call())).rejects.toMatchObject({
      message: expect.stringContaining('too many images'),
    });
    expect(asked).toHaveLength(1);
  });

  test('it is left alone for a while, then tried once more', async () => {
    let well = false;
    script = (_request, _body, response) =>
      well ? sse(response, ANSWERS.openai('Well again')) : response.writeHead(503).end('{}');
    const some = models();
    for (let i = 0; i < 2; i++) await some.complete([of('openai')], request, call()).catch(() => {});
    const before = asked.length;
    await expect(some.complete([of('openai')], request, call())).rejects.toThrow('left alone');
    expect(asked).toHaveLength(before);
    well = true;
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(await some.complete([of('openai')], request, call())).toMatchObject({ text: 'Well again' });
  });

  test('it is given the time that it asks for', async () => {
    const times: number[] = [];
    script = (_request, _body, response) => {
      times.push(performance.now());
      if (times.length === 1) response.writeHead(429, { 'retry-after': '5' }).end('{}');
      else sse(response, ANSWERS.openai('Now'));
    };
    // Asked for five seconds, and willing to wait for thirty milliseconds at most.
    await models().complete([of('openai')], request, call());
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(28);
  });
});

describe.each(['anthropic', 'openai', 'google'] as const)('%s, when its line fails', (provider) => {
  const good: Script = (_request, _body, response) => sse(response, ANSWERS[provider]('Hello to you'));

  test.each<readonly [string, Script]>([
    ['says nothing', () => {}],
    ['begins an answer and says nothing', (_request, _body, response) => sse(response, [], false)],
    ['resets the connection', (_request, _body, response) => void response.destroy()],
  ])('is asked again, once each time, where it %s', async (_, fails) => {
    script = (...parts) => (asked.length === 1 ? fails(...parts) : good(...parts));
    expect(await models().complete([of(provider)], request, call())).toMatchObject({ text: 'Hello to you' });
    expect(asked).toHaveLength(2);
  });

  test('is asked three times in all where nothing listens, and then left alone as others that fail', async () => {
    const some = models();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
    const began = performance.now();
    await expect(some.complete([of(provider)], request, call())).rejects.toMatchObject({
      code: 'provider_failed',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    expect(performance.now() - began).toBeLessThan(2000);
    await some.complete([of(provider)], request, call()).catch(() => {});
    await expect(some.complete([of(provider)], request, call())).rejects.toThrow('left alone');
  });

  test('that stops in the midst of its answer is given up, charged, and not asked again', async () => {
    script = (_request, _body, response) => {
      sse(response, ANSWERS[provider]('Hello to you').slice(0, provider === 'anthropic' ? 3 : 1), false);
    };
    await expect(models().complete([of(provider)], request, call())).rejects.toMatchObject({
      code: 'provider_failed',
      message: expect.stringMatching(/stopped in the midst of its answer and sent nothing for 1 s/),
    });
    expect(asked).toHaveLength(1);
    expect([...spent.values()][0]?.tokens).toBeGreaterThan(0);
  });

  test('may take longer in all than the longest silence', async () => {
    script = (_request, _body, response) => {
      const events = ANSWERS[provider]('Hello to you');
      sse(response, [], false);
      for (let at = 0; at <= events.length; at++)
        setTimeout(
          () => {
            const event = events[at];
            if (event === undefined) return void response.end();
            const name = typeof event === 'object' && 'type' in event ? `event: ${String(event.type)}\n` : '';
            response.write(`${name}data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`);
          },
          150 * (at + 1),
        );
    };
    expect(await models().complete([of(provider)], request, call())).toMatchObject({ text: 'Hello to you' });
    expect(asked).toHaveLength(1);
  });
});

describe('the guard [AI-3]', () => {
  test('keeps a provider’s address from being one of this machine, unless a person allowed it', async () => {
    script = (_request, _body, response) => sse(response, ANSWERS.openai('Hello'));
    const some = models({ web: { allowedHosts: [] } });
    await expect(some.complete([of('openai')], request, call())).rejects.toMatchObject({
      code: 'url_refused',
      message: expect.stringContaining('A person can allow it'),
    });
    expect(asked).toEqual([]);
  });
});

describe('the limits of a day', () => {
  const good: Script = (_request, _body, response) => sse(response, ANSWERS.openai('Hello to you'));

  test('two calls at once cannot pass them together [AI-2]', async () => {
    script = good;
    const some = models({ providers: { dailyTokens: 150 } });
    const results = await Promise.allSettled([
      some.complete([of('openai')], request, call()),
      some.complete([of('openai')], request, call()),
    ]);
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(asked).toHaveLength(1);
    // What was set aside and not used is free again.
    await some.complete([of('openai')], request, call());
  });

  test('are not passed by tries that break off: each needs room of its own [AI-2]', async () => {
    script = (_request, _body, response) => {
      sse(response, ANSWERS.openai('Hello to you'.repeat(20)).slice(0, -2), false);
      setTimeout(() => response.destroy(), 20);
    };
    const dailyTokens = 150;
    await expect(
      models({ providers: { dailyTokens } }).complete([of('openai')], request, call()),
    ).rejects.toMatchObject({ code: 'limit_reached' });
    expect(asked.length).toBeLessThan(3);
    const [used] = [...spent.values()];
    expect(used?.tokens).toBeGreaterThan(40);
    expect(used?.tokens).toBeLessThanOrEqual(dailyTokens);
  });

  test('begin anew at midnight UTC', async () => {
    script = good;
    const some = models({ providers: { dailyTokens: 105 } });
    await some.complete([of('openai')], request, call());
    await expect(some.complete([of('openai')], request, call())).rejects.toMatchObject({
      code: 'limit_reached',
    });
    await clock.advance(86_400_000);
    await some.complete([of('openai')], request, call());
  });

  test.each([
    ['lower than the general one', { dailyTokens: 50, dailyCents: null }, 0, false],
    ['higher than the general one', { dailyTokens: 5000, dailyCents: null }, 50, true],
    ['none, where there is a general one', { dailyTokens: 0, dailyCents: null }, 50, true],
    ['in money, where there is no general one', { dailyTokens: null, dailyCents: 1 }, 0, false],
    ['left to the general one', { dailyTokens: null, dailyCents: null }, 50, false],
  ])('hold for one client alone: %s [AI-2]', async (_, own, dailyTokens, passes) => {
    script = good;
    const some = models({ providers: { dailyTokens, prices: ['model-1=3/150'] } });
    ownLimits = own;
    const done = some.complete([of('openai')], request, call());
    if (passes) await done;
    else await expect(done).rejects.toMatchObject({ code: 'limit_reached' });
    expect(asked).toHaveLength(passes ? 1 : 0);
  });

  test('in money need a price, and hold with one', async () => {
    script = good;
    await expect(
      models({ providers: { dailyCents: 100 } }).complete([of('openai')], request, call()),
    ).rejects.toMatchObject({ code: 'limit_reached', message: expect.stringContaining('providers.prices') });
    const done = await models({ providers: { dailyCents: 100, prices: ['model-1=3/15'] } }).complete(
      [of('openai')],
      request,
      call(),
    );
    // 12 tokens at 3 dollars and 7 at 15 dollars a million.
    expect(done.cents).toBeCloseTo(0.0141, 6);
    await expect(
      models({ providers: { dailyCents: 1, prices: ['model-1=3/150'] } }).complete(
        [of('openai')],
        request,
        call(),
      ),
    ).rejects.toMatchObject({ code: 'limit_reached' });
  });
});

test.each(['', '/', '/v1', '/v1/'])('OpenAI’s address may end with "%s"', async (end) => {
  script = (_request, _body, response) => sse(response, ANSWERS.openai('Hello to you'));
  await models().complete([{ ...of('openai'), baseUrl: `${base}${end}` }], request, call());
  expect(asked[0]?.path).toBe('/v1/chat/completions');
});

test('a server that needs no key is sent none, though there is one', async () => {
  script = (_request, _body, response) => sse(response, ANSWERS.openai('Hello to you'));
  const done = await models().complete([{ ...of('openai'), keyless: true }], request, call());
  expect(done.text).toBe('Hello to you');
  expect(JSON.stringify(asked)).not.toContain(KEY);
});

test('an answer without end is stopped', async () => {
  script = (_request, _body, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const piece = `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta: { content: 'x'.repeat(50_000) } }] })}\n\n`;
    const more = setInterval(() => response.write(piece), 1);
    response.on('close', () => clearInterval(more));
  };
  await expect(models().complete([of('openai')], request, call())).rejects.toMatchObject({
    code: 'output_too_large',
  });
});
