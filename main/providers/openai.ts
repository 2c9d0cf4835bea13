import OpenAI from 'openai';
import { openaiBase } from '../vault/openai-base.ts';
import { withoutVariables } from './own-variables.ts';
import type { Connection, ModelProvider, Usage } from './provider.ts';

/** Chat completions: what OpenAI serves, and what local servers that are compatible with it speak. */
export const openai: ModelProvider = {
  name: 'openai',
  async complete(
    connection,
    { model, system, prompt, images, maxTokens, schema },
    { signal, onText, onUsage },
  ) {
    const stream = await client(connection).chat.completions.create(
      {
        model,
        max_completion_tokens: maxTokens,
        stream: true,
        stream_options: { include_usage: true },
        ...(schema === undefined
          ? {}
          : {
              response_format: {
                type: 'json_schema',
                json_schema: { name: 'answer', schema: { ...schema } },
              },
            }),
        messages: [
          ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
          {
            role: 'user',
            content: [
              ...images.map(({ mimeType, data }) => ({
                type: 'image_url' as const,
                image_url: { url: `data:${mimeType};base64,${data}` },
              })),
              { type: 'text' as const, text: prompt },
            ],
          },
        ],
      },
      { signal },
    );
    let text = '';
    let stop = '';
    let usage: Usage = { input: 0, output: 0 };
    for await (const chunk of stream) {
      const choice = chunk.choices[0];
      const piece = choice?.delta.content ?? '';
      if (piece !== '') {
        text += piece;
        onText(piece);
      }
      stop = choice?.finish_reason ?? stop;
      if (chunk.usage != null) {
        usage = { input: chunk.usage.prompt_tokens, output: chunk.usage.completion_tokens };
        onUsage(usage);
      }
    }
    if (stop === '') throw new Error('the stream broke off');
    return { text, usage, stop };
  },
  async listModels(connection, signal) {
    const names: string[] = [];
    for await (const model of client(connection).models.list({ signal })) {
      names.push(model.id);
      if (names.length >= 500) break;
    }
    return names;
  },
};

function client({ key, baseUrl, fetch }: Connection): OpenAI {
  return withoutVariables(
    ['OPENAI_CUSTOM_HEADERS', 'OPENAI_ADMIN_KEY'],
    () =>
      new OpenAI({
        apiKey: key,
        baseURL: `${openaiBase(baseUrl)}/v1`,
        organization: null,
        project: null,
        fetch,
        maxRetries: 0,
        logLevel: 'off',
      }),
  );
}
