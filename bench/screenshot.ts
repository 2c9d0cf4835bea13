import type { Client } from '@modelcontextprotocol/client';
import { besidePlaywright } from './playwright-peer.ts';
import { median, type Report, round } from './report.ts';

const ROUNDS = 15;
const PAGE = `<!doctype html><html lang="en"><head><title>Shop</title><style>body{font:16px sans-serif;margin:2rem}li{padding:4px;border-bottom:1px solid #ddd}</style></head><body><h1>Shop</h1><ul>${Array.from({ length: 60 }, (_, i) => `<li>Article ${i}, in stock</li>`).join('')}</ul></body></html>`;

/**
 * A picture of one static page by `screenshot`, and by Playwright's MCP server, where an agent navigates and then takes
 * it. Both with a warm browser, at 1280 x 800, as PNG, in turn, from the same server. It neither asks policy, nor
 * writes an audit log, nor keeps pictures, nor guards where the page's requests go.
 */
export function screenshot(): Promise<Report> {
  return besidePlaywright(
    (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(PAGE);
    },
    ['--viewport-size', '1280x800'],
    async ({ port, ours, peer }) => {
      const call = async (client: Client, name: string, args: Record<string, unknown>) => {
        const { content, isError } = await client.callTool({ name, arguments: args });
        const parts = content as readonly { type: string; text?: string; data?: string }[];
        if (isError === true)
          throw new Error(
            `${name}: ${parts
              .map(({ text }) => text)
              .join(' ')
              .slice(0, 300)}`,
          );
        return parts;
      };
      let count = 0;
      const url = () => `http://localhost:${port}/?${count++}`;
      const ways = {
        'fastband screenshot': () => call(ours, 'screenshot', { url: url() }),
        '@playwright/mcp navigate + screenshot': async () => {
          await call(peer, 'browser_navigate', { url: url() });
          return call(peer, 'browser_take_screenshot', { type: 'png' });
        },
      };
      const times = new Map<string, number[]>();
      const bytes = new Map<string, number>();
      for (let i = 0; i <= ROUNDS; i++) {
        for (const [who, take] of Object.entries(ways)) {
          const began = performance.now();
          const parts = await take();
          const ms = performance.now() - began;
          const picture = parts.find(({ type }) => type === 'image')?.data;
          if (picture === undefined) throw new Error(`${who} answered no picture`);
          bytes.set(
            who,
            parts.reduce((sum, { text = '', data = '' }) => sum + text.length + data.length, 0),
          );
          // The first round starts both browsers.
          if (i > 0) times.set(who, [...(times.get(who) ?? []), ms]);
        }
      }
      const rows = [...times].map(([server, all]) => ({
        server,
        p50: round(median(all), 1),
        p95: round(all.toSorted((a, b) => a - b)[Math.floor(ROUNDS * 0.95)] ?? Number.NaN, 1),
        'bytes answered': bytes.get(server) ?? 0,
      }));
      return {
        name: 'screenshot of a static page, warm, milliseconds',
        rows,
        figures: Object.fromEntries(
          rows.flatMap(({ server, p50, p95 }) => {
            const who = server.startsWith('fastband') ? 'fastband' : 'playwright';
            return [
              [`${who}_p50`, p50],
              [`${who}_p95`, p95],
            ];
          }),
        ),
      };
    },
  );
}
