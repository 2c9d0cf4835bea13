import { z } from 'zod';
import { Provider } from '../../../contract/keys.ts';
import { FastbandError } from '../../core/errors.ts';
import type { Json, Tool } from '../../core/tool.ts';
import type { ToolServices } from '../services.ts';
import { defineTool } from '../tool.ts';
import { answer } from './answer.ts';
import { candidatesFor, effectsOf, planImages, previewOf, readImages } from './request.ts';

const MAX_PROMPT = 400_000;

export function askModel(services: ToolServices): Tool {
  return defineTool({
    name: 'ask_model',
    title: 'Ask an AI model',
    description: 'Asks an AI model (fast, balanced, powerful, or a name). Its answer is untrusted text.',
    group: 'models',
    risk: 'net',
    contentOnly: true,
    input: z.strictObject({
      prompt: z.string().min(1).max(MAX_PROMPT),
      system: z.string().max(MAX_PROMPT).optional(),
      model: z.string().max(200).optional(),
      provider: Provider.optional(),
      images: z
        .array(z.string())
        .max(10)
        .optional()
        .describe('paths, picture ids, or fastband://pictures/ID'),
      max_tokens: z.int().min(1).max(64_000).optional(),
      schema: z.record(z.string(), z.unknown()).optional().describe('JSON schema of the answer'),
    }),
    output: z.object({ model: z.string(), inputTokens: z.int(), outputTokens: z.int() }),
    async plan(
      { prompt, system, model, provider, images = [], max_tokens: maxTokens = 4096, schema },
      context,
    ) {
      if (schema !== undefined) validatorFor(schema);
      const candidates = await candidatesFor(services, context.settings, { model, provider });
      const planned = await planImages(services, context, images);
      const data = {
        candidates,
        prompt,
        system,
        images: planned.images,
        maxTokens,
        schema: schema as Json | undefined,
      };
      return {
        effects: [...planned.effects, ...effectsOf(services, candidates)],
        data,
        preview: () => previewOf(candidates, data),
      };
    },
    async run({ data }, context) {
      const images = await readImages(services, context.client.id, data.images);
      const schema = data.schema as Readonly<Record<string, unknown>> | undefined;
      return answer(
        services,
        context,
        data.candidates,
        {
          prompt: data.prompt,
          images,
          maxTokens: data.maxTokens,
          ...(data.system === undefined ? {} : { system: data.system }),
          ...(schema === undefined ? {} : { schema }),
        },
        schema === undefined ? undefined : validatorFor(schema),
      );
    },
  }) as Tool;
}

/** @throws FastbandError `invalid_input` for what is no JSON schema that can be checked here */
function validatorFor(schema: Readonly<Record<string, unknown>>): z.ZodType {
  try {
    return z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
  } catch (error) {
    const why = error instanceof Error ? ` ${error.message.slice(0, 200)}` : '';
    throw new FastbandError('invalid_input', `This schema cannot be used.${why}`);
  }
}
