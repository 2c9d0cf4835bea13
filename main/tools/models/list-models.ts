import { z } from 'zod';
import { Provider } from '../../../contract/keys.ts';
import type { Tool } from '../../core/tool.ts';
import type { ToolServices } from '../services.ts';
import { defineTool } from '../tool.ts';
import { candidatesFor, effectsOf, TIERS } from './request.ts';

export function listModels(services: ToolServices): Tool {
  return defineTool({
    name: 'list_models',
    title: 'AI models',
    description: 'The models of an AI provider, and which ones fast, balanced and powerful are.',
    group: 'models',
    risk: 'net',
    input: z.strictObject({ provider: Provider.optional() }),
    output: z.object({
      provider: Provider,
      tiers: z.record(z.string(), z.string()),
      models: z.array(z.string()),
    }),
    async plan({ provider }, context) {
      const [candidate] = await candidatesFor(services, context.settings, { provider });
      const candidates = candidate === undefined ? [] : [candidate];
      return {
        effects: effectsOf(services, candidates).map((effect) =>
          effect.kind === 'net' ? { ...effect, method: 'GET' } : effect,
        ),
        data: { candidates },
      };
    },
    async run({ data }, context) {
      const [candidate] = data.candidates;
      if (candidate === undefined) throw new TypeError('a plan without a provider');
      const names = await (await services.models()).list(candidate, {
        client: context.client,
        signal: context.signal,
        progress: (message) => context.progress(message),
      });
      const chosen = context.settings.providers[`${candidate.provider}Models`];
      return {
        output: {
          provider: candidate.provider,
          tiers: Object.fromEntries(TIERS.map((tier, at) => [tier, chosen[at] ?? ''])),
          models: [...names],
        },
        summary: `Listed ${names.length} models of ${candidate.provider}.`,
      };
    },
  }) as Tool;
}
