import { describe, expect, test } from 'vitest';
import { DEFAULT_SETTINGS, mergeSettings } from '../../../contract/settings.ts';
import { createNet } from '../../guard/net.ts';
import { fakeKeys } from '../../vault/testing.ts';
import type { ToolServices } from '../services.ts';
import { candidatesFor, effectsOf } from './request.ts';

const OWN = 'http://localhost:11434/v1';
const services = (keys: Record<string, string>) =>
  ({
    keys: fakeKeys(keys),
    net: createNet({ allowedHosts: () => ['localhost:11434'] }),
  }) as unknown as ToolServices;

describe('who may answer', () => {
  test('is a server of the person’s own without a key, and its effects use no secret', async () => {
    const settings = mergeSettings(DEFAULT_SETTINGS, { providers: { openaiUrl: OWN } });
    const candidates = await candidatesFor(services({}), settings, { model: 'llama', provider: 'openai' });
    expect(candidates).toEqual([{ provider: 'openai', model: 'llama', baseUrl: OWN, keyless: true }]);
    expect(effectsOf(services({}), candidates)).toEqual([
      { kind: 'net', method: 'POST', host: 'localhost', port: 11434, url: OWN },
    ]);
  });

  test('is asked with the key that there is, under an effect that says so', async () => {
    const settings = mergeSettings(DEFAULT_SETTINGS, { providers: { openaiUrl: OWN } });
    const with_ = services({ openai: 'sk-value' });
    const candidates = await candidatesFor(with_, settings, { provider: 'openai' });
    expect(candidates[0]).not.toHaveProperty('keyless');
    expect(effectsOf(with_, candidates)[0]).toEqual({ kind: 'secret', provider: 'openai' });
  });

  test.each(['openai', 'anthropic', 'google'] as const)(
    'is never %s itself without a key',
    async (provider) => {
      await expect(candidatesFor(services({}), DEFAULT_SETTINGS, { provider })).rejects.toMatchObject({
        code: 'key_missing',
      });
    },
  );
});
