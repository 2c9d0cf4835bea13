import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer, Server } from '@modelcontextprotocol/server';
import { z } from 'zod';

/**
 * The servers that one call is measured beside, each as its documentation has it: an `McpServer` with as many tools,
 * the low-level `Server`, and plain `node:http`. Each answers the same text to the same call.
 *
 * Run as a program: `node peer-servers.ts KIND COUNT`, prints its port.
 */
const [kind, count] = [process.argv[2], Number(process.argv[3])];

const input = z.object({ fastband: z.string().optional() });
const output = z.object({ fastband: z.string(), node: z.string(), platform: z.string() });
const answer = () => {
  const value = { fastband: '0', node: process.versions.node, platform: process.platform };
  return { content: [{ type: 'text' as const, text: JSON.stringify(value) }], structuredContent: value };
};
const schema = (type: z.ZodType) => JSON.parse(JSON.stringify(z.toJSONSchema(type))) as { type: 'object' };
const names = ['get_version', ...Array.from({ length: count - 1 }, (_, i) => `tool_${i}`)];

/** As the SDK's own guide writes it: a factory that makes the server and registers each tool with its schemas. */
function idiomatic() {
  return toNodeHandler(
    createMcpHandler(() => {
      const server = new McpServer({ name: 'idiomatic', version: '1' });
      for (const name of names) {
        server.registerTool(
          name,
          {
            title: name,
            description: `The tool ${name}.`,
            inputSchema: z.object({ fastband: z.string().optional() }),
            outputSchema: z.object({ fastband: z.string(), node: z.string(), platform: z.string() }),
          },
          answer,
        );
      }
      return server;
    }),
  );
}

function lowLevel() {
  const tools = names.map((name) => ({
    name,
    title: name,
    description: `The tool ${name}.`,
    inputSchema: schema(input),
    outputSchema: schema(output),
  }));
  return toNodeHandler(
    createMcpHandler(() => {
      const server = new Server({ name: 'low-level', version: '1' }, { capabilities: { tools: {} } });
      server.setRequestHandler('tools/list', () => ({ tools }));
      server.setRequestHandler('tools/call', () => answer());
      return server;
    }),
  );
}

function bare() {
  return async (
    req: AsyncIterable<Uint8Array>,
    res: { writeHead(status: number, headers: object): unknown; end(text: string): unknown },
  ) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of req) chunks.push(chunk);
    const { id } = JSON.parse(Buffer.concat(chunks).toString()) as { id: number };
    res.writeHead(200, { 'content-type': 'application/json' });
    res.end(JSON.stringify({ jsonrpc: '2.0', id, result: { resultType: 'complete', ...answer() } }));
  };
}

const make = { idiomatic, lowLevel, bare }[kind as 'idiomatic' | 'lowLevel' | 'bare'];
const handler = make();
const http = createServer((req, res) => void handler(req as never, res as never));
http.listen(0, '127.0.0.1', () => console.log((http.address() as AddressInfo).port));
