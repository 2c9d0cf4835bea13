import type { JSONRPCMessage } from '@modelcontextprotocol/client';
import { expect, test } from 'vitest';
import { FastbandError } from '../core/errors.ts';
import { type Outgoing, StdioBridge } from './stdio-bridge.ts';

interface Sent {
  readonly message: JSONRPCMessage;
  readonly signal: AbortSignal;
  readonly accept: () => void;
  readonly refuse: (error: Error) => void;
  readonly streamEnd: () => void;
}

class FakeHttp {
  readonly sent: Sent[] = [];
  protocolVersion: string | undefined;
  terminated = 0;
  onmessage?: (message: JSONRPCMessage) => void;
  onerror?: (error: Error) => void;

  send(
    message: JSONRPCMessage | JSONRPCMessage[],
    options?: { requestSignal?: AbortSignal; onRequestStreamEnd?: () => void },
  ): Promise<void> {
    return new Promise((accept, refuse) => {
      const signal = options?.requestSignal ?? new AbortController().signal;
      signal.addEventListener('abort', () => refuse(new Error('aborted')));
      if (Array.isArray(message)) throw new TypeError('no batches');
      this.sent.push({ message, signal, accept, refuse, streamEnd: () => options?.onRequestStreamEnd?.() });
    });
  }

  setProtocolVersion(version: string): void {
    this.protocolVersion = version;
  }

  async terminateSession(): Promise<void> {
    this.terminated++;
  }

  async close(): Promise<void> {}
}

function setup(fatal = false) {
  const http = new FakeHttp();
  const written: Outgoing[] = [];
  const bridge = new StdioBridge(
    http,
    (message) => written.push(message),
    (cause) => ({
      error: { code: -32000, message: cause instanceof Error ? cause.message : 'unknown' },
      fatal: fatal ? new FastbandError('server_stopped', 'gone') : false,
    }),
  );
  const receive = (message: object) => bridge.receive(JSON.stringify({ jsonrpc: '2.0', ...message }));
  return { http, written, bridge, receive };
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

test('requests go out at once, and answers come back as they come', () => {
  const { http, written, receive } = setup();
  receive({ id: 1, method: 'tools/call', params: { name: 'slow' } });
  receive({ id: 2, method: 'tools/list' });
  expect(http.sent.map(({ message }) => 'id' in message && message.id)).toEqual([1, 2]);
  http.onmessage?.({ jsonrpc: '2.0', id: 2, result: {} });
  http.onmessage?.({
    jsonrpc: '2.0',
    method: 'notifications/progress',
    params: { progressToken: 1, progress: 1 },
  });
  http.onmessage?.({ jsonrpc: '2.0', id: 1, result: {} });
  expect(written).toHaveLength(3);
});

test('the version that was agreed on goes into the headers of what follows', () => {
  const { http, receive } = setup();
  receive({ id: 'i', method: 'initialize', params: {} });
  http.onmessage?.({ jsonrpc: '2.0', id: 'i', result: { protocolVersion: '2025-11-25' } });
  expect(http.protocolVersion).toBe('2025-11-25');
});

test('a version in any other answer changes nothing', () => {
  const { http, receive } = setup();
  receive({ id: 1, method: 'tools/call', params: { name: 'x' } });
  http.onmessage?.({ jsonrpc: '2.0', id: 1, result: { protocolVersion: '1999-01-01' } });
  expect(http.protocolVersion).toBeUndefined();
});

test('a cancelled request loses its stream, and no answer is made up for it', async () => {
  const { http, written, receive } = setup();
  receive({ id: 1, method: 'tools/call', params: { name: 'slow' } });
  receive({ method: 'notifications/cancelled', params: { requestId: 1 } });
  await settle();
  expect(http.sent[0]?.signal.aborted).toBe(true);
  expect(http.sent).toHaveLength(1);
  expect(written).toEqual([]);
});

test('a request that did not get through is answered with an error, once', async () => {
  const { http, written, receive } = setup();
  receive({ id: 1, method: 'tools/list' });
  http.sent[0]?.refuse(new Error('HTTP 500'));
  await settle();
  http.sent[0]?.streamEnd();
  expect(written).toEqual([{ jsonrpc: '2.0', id: 1, error: { code: -32000, message: 'HTTP 500' } }]);
});

test('a stream that ends without the answer is an error; one that ends after it is not', async () => {
  const { http, written, receive } = setup();
  receive({ id: 1, method: 'tools/list' });
  receive({ id: 2, method: 'tools/list' });
  for (const { accept } of http.sent) accept();
  http.onmessage?.({ jsonrpc: '2.0', id: 1, result: {} });
  for (const { streamEnd } of http.sent) streamEnd();
  await settle();
  expect(written.map((one) => ('error' in one ? 'error' : 'result'))).toEqual(['result', 'error']);
});

test('when nothing gets through any more, everything that waits is told so and the bridge ends', async () => {
  const { http, written, receive, bridge } = setup(true);
  receive({ id: 1, method: 'tools/call', params: {} });
  receive({ id: 2, method: 'tools/list' });
  http.sent[1]?.refuse(new Error('connection refused'));
  await expect(bridge.failed).rejects.toThrow('gone');
  expect(written.map((one) => 'id' in one && one.id)).toEqual([1, 2]);
});

test.each([
  ['no JSON', 'hello', -32700],
  ['no JSON-RPC', '{"id":1,"method":"x"}', -32600],
  ['a batch, which the protocol no longer has', '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600],
  ['an id that is no id', '{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600],
])('a line with %s is refused, and the next one is served', (_name, line, code) => {
  const { http, written, bridge, receive } = setup();
  bridge.receive(line);
  expect(written).toMatchObject([{ id: null, error: { code } }]);
  expect(http.sent).toEqual([]);
  receive({ id: 1, method: 'ping' });
  expect(http.sent).toHaveLength(1);
});

test('closing cancels what is open, ends the session and writes nothing more', async () => {
  const { http, written, bridge, receive } = setup();
  receive({ id: 1, method: 'tools/call', params: {} });
  await bridge.close();
  expect(http.sent[0]?.signal.aborted).toBe(true);
  expect(http.terminated).toBe(1);
  http.onmessage?.({ jsonrpc: '2.0', id: 1, result: {} });
  expect(written).toEqual([]);
});

test('it is idle when every request has its answer', async () => {
  const { http, bridge, receive } = setup();
  receive({ id: 1, method: 'tools/list' });
  let idle = false;
  const done = bridge.idle().then(() => {
    idle = true;
  });
  await settle();
  expect(idle).toBe(false);
  http.sent[0]?.accept();
  http.onmessage?.({ jsonrpc: '2.0', id: 1, result: {} });
  await done;
});
