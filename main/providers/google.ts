import { GoogleGenAI } from '@google/genai';
import type { Connection, ModelProvider, Usage } from './provider.ts';

export const google: ModelProvider = {
  name: 'google',
  async complete(
    connection,
    { model, system, prompt, images, maxTokens, schema },
    { signal, onText, onUsage },
  ) {
    const stream = await client(connection).models.generateContentStream({
      model,
      contents: [
        {
          role: 'user',
          parts: [
            ...images.map(({ mimeType, data }) => ({ inlineData: { mimeType, data } })),
            { text: prompt },
          ],
        },
      ],
      config: {
        maxOutputTokens: maxTokens,
        abortSignal: signal,
        ...(system === undefined ? {} : { systemInstruction: system }),
        ...(schema === undefined ? {} : { responseMimeType: 'application/json', responseJsonSchema: schema }),
      },
    });
    let text = '';
    let stop = '';
    let usage: Usage = { input: 0, output: 0 };
    for await (const chunk of stream) {
      const piece = chunk.text ?? '';
      if (piece !== '') {
        text += piece;
        onText(piece);
      }
      stop = chunk.candidates?.[0]?.finishReason ?? stop;
      const { usageMetadata: told } = chunk;
      if (told !== undefined) {
        const output = (told.candidatesTokenCount ?? 0) + (told.thoughtsTokenCount ?? 0);
        usage = { input: told.promptTokenCount ?? usage.input, output };
        onUsage(usage);
      }
    }
    if (stop === '') throw new Error('the stream broke off');
    return { text, usage, stop };
  },
  async listModels(connection, signal) {
    const names: string[] = [];
    for await (const model of await client(connection).models.list({
      config: { pageSize: 100, abortSignal: signal },
    })) {
      names.push((model.name ?? '').replace(/^models\//, ''));
      if (names.length >= 500) break;
    }
    return names;
  },
};

function client({ key, baseUrl, fetch }: Connection): GoogleGenAI {
  return new GoogleGenAI({
    apiKey: key,
    vertexai: false,
    httpOptions: { baseUrl, fetch, retryOptions: { attempts: 1 } },
  });
}
