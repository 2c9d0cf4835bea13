import { z } from 'zod';
import { FastbandError } from '../main/core/errors.ts';
import type { Tool, ToolContent } from '../main/core/tool.ts';
import type { ResourceProvider } from '../main/mcp/server.ts';

/** A red pixel. */
const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
/** A WAV file of no samples. */
const WAV = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=';

function fixture(name: string, run: Tool['run']): Tool {
  return {
    name,
    title: name,
    description: 'A tool that the conformance suite calls.',
    group: 'test',
    risk: 'read',
    input: z.object({}),
    output: z.object({ ok: z.boolean() }),
    plan: () => ({ effects: [], data: null }),
    run,
  };
}

function answering(name: string, content: readonly ToolContent[]): Tool {
  return fixture(name, () => ({ output: { ok: true }, content, summary: name }));
}

/** The tools that both lines of the conformance suite name. They go through the same registry and door as any other. */
export const FIXTURE_TOOLS: readonly Tool[] = [
  answering('test_simple_text', [{ type: 'text', text: 'This is a simple text response for testing.' }]),
  answering('test_image_content', [{ type: 'image', data: PNG, mimeType: 'image/png' }]),
  answering('test_audio_content', [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }]),
  answering('test_embedded_resource', [
    {
      type: 'resource',
      resource: {
        uri: 'test://embedded-resource',
        mimeType: 'text/plain',
        text: 'This is an embedded resource content.',
      },
    },
  ]),
  answering('test_multiple_content_types', [
    { type: 'text', text: 'Multiple content types test:' },
    { type: 'image', data: PNG, mimeType: 'image/png' },
    {
      type: 'resource',
      resource: {
        uri: 'test://mixed-content-resource',
        mimeType: 'application/json',
        text: '{"test":"data","value":123}',
      },
    },
  ]),
  fixture('test_error_handling', () => {
    throw new FastbandError('conflict', 'This tool intentionally returns an error for testing');
  }),
  fixture('test_tool_with_progress', async (_plan, context) => {
    for (const done of [0, 50, 100]) {
      context.progress(`${done} of 100`, done, 100);
      await new Promise<void>((resolve) => context.ports.clock.after(50, resolve));
    }
    return { output: { ok: true }, content: [{ type: 'text', text: 'done' }], summary: 'progress' };
  }),
];

export const FIXTURE_RESOURCES: ResourceProvider = {
  list: () => [
    { uri: 'test://static-text', name: 'static text', mimeType: 'text/plain' },
    { uri: 'test://static-binary', name: 'static binary', mimeType: 'image/png' },
  ],
  templates: () => [
    { uriTemplate: 'test://template/{id}/data', name: 'template', mimeType: 'application/json' },
  ],
  read(uri) {
    const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
    if (uri === 'test://static-text')
      return Promise.resolve({
        contents: [{ uri, mimeType: 'text/plain', text: 'This is the content of the static text resource.' }],
      });
    if (uri === 'test://static-binary')
      return Promise.resolve({ contents: [{ uri, mimeType: 'image/png', blob: PNG }] });
    if (id !== undefined)
      return Promise.resolve({
        contents: [
          {
            uri,
            mimeType: 'application/json',
            text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
          },
        ],
      });
    return undefined;
  },
};
