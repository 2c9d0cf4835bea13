import type { Client } from '@modelcontextprotocol/client';
import { besidePlaywright } from './playwright-peer.ts';
import { median, type Report, round } from './report.ts';

const ROUNDS = 12;
const SECTIONS = { small: 4, large: 60 } as const;

/** An article with what stands around one: navigation, a table, code, links, scripts and styles. */
function page(sections: number): string {
  const words = 'The quick brown fox, as it is told, jumps over the lazy dog and runs on through the wood. ';
  const links = Array.from({ length: 40 }, (_, i) => `<li><a href="/topic/${i}">Topic ${i}</a></li>`).join(
    '',
  );
  const section = (i: number) =>
    `<h2 id="s${i}">Section ${i}</h2><p>${words.repeat(6)}<a href="/more/${i}">More</a></p><pre><code class="language-js">const n = ${i};</code></pre><table><tr><th>Name</th><th>Value</th></tr><tr><td>a</td><td>${i}</td></tr></table>`;
  return `<!doctype html><html lang="en"><head><title>Article</title><style>${'.a{color:red}'.repeat(300)}</style><script>${'var x=1;'.repeat(500)}</script></head><body><header><nav><ul>${links}</ul></nav></header><main><article><h1>Article</h1>${Array.from({ length: sections }, (_, i) => section(i)).join('')}</article></main><footer><ul>${links}</ul></footer></body></html>`;
}

/**
 * One page through `fetch_url` and through Playwright's MCP server, whose `browser_navigate` and `browser_snapshot` are
 * what an agent has there to read a page with. Each page is asked for anew, from the same server on this machine, in
 * turn. It drives a browser, which also runs scripts, and neither asks policy nor writes an audit log. The reference
 * fetch server is a Python package, which is not among the peers.
 */
export function fetchUrl(): Promise<Report> {
  return besidePlaywright(
    (request, response) => {
      if (request.url === '/robots.txt') response.writeHead(404).end();
      else
        response
          .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
          .end(page(request.url?.startsWith('/large') ? SECTIONS.large : SECTIONS.small));
    },
    [],
    async ({ port, ours, peer }) => {
      const call = async (client: Client, name: string, args: Record<string, unknown>) => {
        const { content, isError } = await client.callTool({ name, arguments: args });
        const text = (content as readonly { text?: string }[]).map((one) => one.text ?? '').join('');
        if (isError === true) throw new Error(`${name}: ${text.slice(0, 300)}`);
        return text;
      };
      const rows: Record<string, string | number>[] = [];
      const figures: Record<string, number> = {};
      let count = 0;
      for (const size of ['small', 'large'] as const) {
        const last = `Section ${SECTIONS[size] - 1}`;
        const url = () => `http://localhost:${port}/${size}?${count++}`;
        const measured = {
          fastband: () => call(ours, 'fetch_url', { url: url(), limit: 200_000 }),
          playwright: async () => {
            await call(peer, 'browser_navigate', { url: url() });
            return call(peer, 'browser_snapshot', {});
          },
        };
        const times = { fastband: [] as number[], playwright: [] as number[] };
        const bytes = { fastband: 0, playwright: 0 };
        for (let i = 0; i <= ROUNDS; i++) {
          for (const who of ['fastband', 'playwright'] as const) {
            const began = performance.now();
            const text = await measured[who]();
            const ms = performance.now() - began;
            if (!text.includes(last)) throw new Error(`${who} did not read the page to its end`);
            bytes[who] = Buffer.byteLength(text);
            // The first round warms both up.
            if (i > 0) times[who].push(ms);
          }
        }
        for (const who of ['fastband', 'playwright'] as const) {
          const p50 = round(median(times[who]), 1);
          const p95 = round(times[who].toSorted((a, b) => a - b)[Math.floor(ROUNDS * 0.95)] ?? Number.NaN, 1);
          const name = who === 'fastband' ? 'fastband fetch_url' : '@playwright/mcp navigate + snapshot';
          rows.push({ page: size, server: name, p50, p95, 'bytes answered': bytes[who] });
          figures[`${who}_${size}_p50`] = p50;
          figures[`${who}_${size}_p95`] = p95;
          figures[`${who}_${size}_bytes`] = bytes[who];
        }
      }
      return { name: 'fetch_url, milliseconds a page', rows, figures };
    },
  );
}
