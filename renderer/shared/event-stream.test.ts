import { describe, expect, it } from 'vitest';
import { eventsOf } from './event-stream.ts';

async function read(text: string, size: number): Promise<string[]> {
  const bytes = new TextEncoder().encode(text);
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
    bytes.slice(n * size, (n + 1) * size),
  );
  return Array.fromAsync(eventsOf(ReadableStream.from(pieces) as ReadableStream<Uint8Array>));
}

const stream =
  'retry: 2000\n: connected\n\nevent: audit.row\ndata: {"a":"å⟦RLO⟧"}\n\n: beat\n\nevent: x\ndata: {"b":\ndata: 2}\n\ndata: {"torn":';

describe('events from the host', () => {
  it.each([1, 2, 3, 7, 64, 4096])('are the same in pieces of %i bytes', async (size) => {
    expect(await read(stream, size)).toEqual(['{"a":"å⟦RLO⟧"}', '{"b":\n2}']);
  });

  it('of a megabyte arrive whole', async () => {
    const large = 'x'.repeat(1024 * 1024);
    expect(await read(`data: ${large}\n\ndata: y\n\n`, 16 * 1024)).toEqual([large, 'y']);
  });
});
