import type { Trial } from '../../contract/entities.ts';
import type { Caller, Dispatcher } from './dispatch.ts';
import { toWireError } from './errors.ts';

/** A person who tries a tool. It holds no token, and no rule or grant can be made for it. */
export const TRIAL: Caller = { id: 'trial', name: 'Your trial' };

/** Longest answer that is shown, in characters: the largest table that the limits allow unless they were raised. */
const MAX_SHOWN = 2_000_000;

/** Calls a tool as a person who tries it. A refusal is an answer here, not an error. */
export async function tryTool(
  dispatcher: Pick<Dispatcher, 'call'>,
  tool: string,
  input: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<Trial> {
  const began = performance.now();
  try {
    const { callId, content } = await dispatcher.call({ client: TRIAL, tool, input, signal });
    const text = content.map((one) => ('text' in one ? one.text : `(${one.type})`)).join('\n');
    return {
      callId,
      durationMs: performance.now() - began,
      text: text.slice(0, MAX_SHOWN),
      cut: text.length > MAX_SHOWN,
    };
  } catch (error) {
    return { durationMs: performance.now() - began, text: '', cut: false, error: toWireError(error) };
  }
}
