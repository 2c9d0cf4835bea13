/**
 * The `data` of each server-sent event in a stream (WHATWG HTML, "Interpreting an event stream"). The browser's own
 * `EventSource` cannot send the header that holds the page's key.
 */
export async function* eventsOf(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  heard: () => void = () => {},
): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      // A large event comes in many pieces: only what is new can hold its end.
      const from = Math.max(0, rest.length - 1);
      rest += value;
      let start = 0;
      for (let end = rest.indexOf('\n\n', from); end >= 0; end = rest.indexOf('\n\n', start)) {
        const data = dataOf(rest.slice(start, end));
        start = end + 2;
        if (data !== '') yield data;
      }
      rest = rest.slice(start);
    }
  } finally {
    void reader.cancel().catch(() => {});
  }
}

function dataOf(block: string): string {
  return block
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(5).replace(/^ /, ''))
    .join('\n');
}
