import type { Decision } from '../contract/policy.ts';
import type { Host } from './host.ts';

/** Questions to the policy, asked before something goes wrong and after. */
const QUESTIONS: readonly { readonly tool: string; readonly input: Record<string, unknown> }[] = [
  { tool: 'read_file', input: { path: 'base.txt' } },
  { tool: 'read_file', input: { path: 'secret/key.txt' } },
  { tool: 'read_file', input: { path: '../../../etc/passwd' } },
  { tool: 'write_file', input: { path: 'free/new.txt', content: 'x' } },
  { tool: 'write_file', input: { path: 'locked/new.txt', content: 'x' } },
  { tool: 'write_file', input: { path: 'other/new.txt', content: 'x' } },
  { tool: 'run_command', input: { command: ['rm', '-r', '.'] } },
  { tool: 'run_command', input: { command: ['echo', 'hi'] } },
];

/** What a person laid down before anything goes wrong; `QUESTIONS` asks for it. */
export async function layDownRules(host: Host): Promise<void> {
  await host.api('rules.add', { effect: 'allow', match: { kind: 'write', paths: ['free/**'] } });
  await host.api('rules.add', { effect: 'deny', match: { kind: 'write', paths: ['locked/**'] } });
  await host.api('rules.add', { effect: 'deny', match: { kind: 'read', paths: ['secret/**'] } });
  await host.api('rules.add', { effect: 'deny', match: { kind: 'exec', argv: ['rm', '...'] } });
}

export type Decisions = ReadonlyMap<string, Decision>;

/** How each question is decided now, for a client that no grant names. */
export async function decisions(host: Host): Promise<Decisions> {
  const found = new Map<string, Decision>();
  for (const question of QUESTIONS) {
    const { decision } = await host.api('rules.explain', question);
    found.set(`${question.tool} ${JSON.stringify(question.input)}`, decision);
  }
  return found;
}

/** What is decided less strictly than before, in words. */
export function looser(before: Decisions, after: Decisions): string[] {
  const strictness = { allow: 0, ask: 1, deny: 2 };
  return [...before].flatMap(([question, was]) => {
    const is = after.get(question);
    return is !== undefined && strictness[is] < strictness[was] ? [`${question}: ${was} became ${is}`] : [];
  });
}
