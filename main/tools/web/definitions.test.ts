import { expect, test } from 'vitest';
import { z } from 'zod';
import { createNet } from '../../guard/net.ts';
import { fakeKeys } from '../../vault/testing.ts';
import { webTools } from './web-tools.ts';

const { tools } = webTools({ net: createNet({ allowedHosts: () => [] }), keys: fakeKeys({}) });

test('what a model reads of these tools is at most 600 bytes on average', () => {
  const sizes = tools.map((tool) => {
    const { $schema: _, ...schema } = z.toJSONSchema(tool.input, { io: 'input' });
    return Buffer.byteLength(tool.name + tool.description + JSON.stringify(schema));
  });
  expect(sizes).toHaveLength(2);
  expect(sizes.reduce((sum, size) => sum + size, 0) / tools.length).toBeLessThanOrEqual(600);
});

test('each takes only the arguments that it names, and all can reach the open world [CALL-1]', () => {
  for (const tool of tools) {
    expect(tool.input.safeParse({ url: 'https://a.example/', unexpected: 1 }).success).toBe(false);
    expect(tool.risk).toBe('net');
  }
});
