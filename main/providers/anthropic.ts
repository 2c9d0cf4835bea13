import Anthropic from '@anthropic-ai/sdk';
import { withoutVariables } from './own-variables.ts';
import type { Connection, ModelProvider, Usage } from './provider.ts';

export const anthropic: ModelProvider = {
  name: 'anthropic',
  async complete(
    connection,
    { model, system, prompt, images, maxTokens, schema },
    { signal, onText, onUsage },
  ) {
    const stream = await client(connection).messages.create(
      {
        model,
        max_tokens: maxTokens,
        stream: true,
        ...(system === undefined ? {} : { system }),
        ...(schema === undefined ? {} : { output_config: { format: { type: 'json_schema', schema } } }),
        messages: [
          {
            role: 'user',
            content: [
              ...images.map(({ mimeType, data }) => ({
                type: 'image' as const,
                source: { type: 'base64' as const, media_type: mimeType as 'image/png', data },
              })),
              { type: 'text', text: prompt },
            ],
          },
        ],
      },
      { signal },
    );
    let text = '';
    let stop = '';
    let usage: Usage = { input: 0, output: 0 };
    let ended = false;
    for await (const event of stream) {
      if (event.type === 'message_start') {
        usage = { input: event.message.usage.input_tokens, output: event.message.usage.output_tokens };
        onUsage(usage);
      } else if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') {
        text += event.delta.text;
        onText(event.delta.text);
      } else if (event.type === 'message_delta') {
        stop = event.delta.stop_reason ?? stop;
        usage = { ...usage, output: event.usage.output_tokens };
        onUsage(usage);
      } else if (event.type === 'message_stop') ended = true;
    }
    if (!ended) throw new Error('the stream broke off');
    return { text, usage, stop };
  },
  async listModels(connection, signal) {
    const names: string[] = [];
    for await (const model of client(connection).models.list({ limit: 100 }, { signal })) {
      names.push(model.id);
      if (names.length >= 200) break;
    }
    return names;
  },
};

function client({ key, baseUrl, fetch }: Connection): Anthropic {
  // Everything is said here: nothing comes from variables or files of the SDK's own.
  return withoutVariables(
    ['ANTHROPIC_CUSTOM_HEADERS'],
    () =>
      new Anthropic({
        apiKey: key,
        authToken: null,
        baseURL: baseUrl,
        fetch,
        maxRetries: 0,
        logLevel: 'off',
      }),
  );
}
