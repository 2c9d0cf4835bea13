import { basename } from 'node:path';
import type { Command } from 'commander';
import { showLine } from '../../../contract/display.ts';
import type { Explanation, PolicyFile, Rule, RuleInput } from '../../../contract/policy.ts';
import { effectText, matchText } from '../../../contract/sentences.ts';
import { en } from '../../../contract/words-en.ts';
import type { App } from '../../app.ts';
import { canonicalJson } from '../../core/canonical.ts';
import { type RuleWords, ruleFromWords } from '../rule-input.ts';
import { paint, print, printJson, table, time, UsageError } from '../terminal.ts';
import { readText, writeText } from './files.ts';
import { addCommand, addGroup, type CommonOptions, collect, integer, withApp } from './with-app.ts';

const STYLES = { allow: 'green', ask: 'cyan', deny: 'red' } as const;

export function addRules(program: Command): void {
  const group = addGroup(program, 'rules', 'what clients may do without asking, must ask for, or may not do');

  addCommand(group, 'list', 'show the rules; deny wins over ask, ask over allow', [
    'rules list',
    'rules list --json',
  ]).action(async (options: CommonOptions) => {
    const rules = await withApp(options, (app) => app.handle('rules.list', {}));
    if (options.json) return printJson(rules);
    if (rules.length === 0)
      return print('There is no rule: reading in a workspace is allowed, all else asks.');
    print(ruleTable(rules));
  });

  addAdd(group);

  addCommand(group, 'remove <id>', 'remove a rule', ['rules remove r_k2Vd81']).action(
    async (id: string, options: CommonOptions) => {
      const rule = await withApp(options, (app) => app.handle('rules.remove', { id }));
      if (options.json) return printJson(rule);
      print(`Removed: ${ruleWords(rule)}.`);
    },
  );

  addCommand(
    group,
    'explain <tool> [input]',
    'say what a call would do, what decides it, and why; nothing is run',
    [
      `rules explain write_file '{"path":"shop/src/a.ts","content":""}'`,
      `rules explain run_command '{"argv":["npm","test"]}' --client "Claude Code"`,
    ],
  )
    .option('--client <name>', 'as this client (default: one that no rule names)')
    .action(async (tool: string, input: string | undefined, options: CommonOptions & { client?: string }) => {
      const { client } = options;
      const question = {
        tool,
        input: jsonObject(input ?? '{}'),
        ...(client === undefined ? {} : { client }),
      };
      const answer = await withApp(options, (app) => app.handle('rules.explain', question));
      if (options.json) return printJson(answer);
      printExplanation(answer);
    });

  addCommand(
    group,
    'test <file>',
    "check a policy file's own examples against its rules; nothing else counts",
    ['rules test policy.yaml'],
  ).action(async (file: string, options: CommonOptions) => {
    const results = await testPolicy(await loadPolicy(file));
    const failed = results.filter((one) => !one.passed).length;
    if (failed > 0) process.exitCode = 1;
    if (options.json) return printJson({ passed: results.length - failed, failed, examples: results });
    for (const { name, passed, expected, decision, reasons } of results) {
      print(
        `${passed ? paint('green', 'pass') : paint('red', 'FAIL')}  ${showLine(name)}: ${decision}${passed ? '' : `, not ${expected}`}`,
      );
      for (const reason of reasons) print(`      ${paint('dim', showLine(reason))}`);
    }
    print(
      results.length === 0
        ? 'The file has no examples.'
        : `${results.length - failed} passed, ${failed} failed`,
    );
  });

  addCommand(
    group,
    'import <file>',
    'add the rules of a policy file (YAML; - for stdin); those that exist already are left',
    ['rules import policy.yaml', 'rules import policy.yaml --replace'],
  )
    .option('--replace', "remove all rules that are not the file's")
    .action(async (file: string, options: CommonOptions & { replace?: boolean }) => {
      const { rules } = await loadPolicy(file);
      const { added, removed } = await withApp(options, (app) =>
        importRules(app, rules, options.replace ?? false),
      );
      if (options.json) return printJson({ added, removed });
      print(
        `${count(added.length, 'rule')} added, ${removed.length} removed, ${rules.length - added.length} there already.`,
      );
    });

  addCommand(group, 'export [file]', 'write the rules as a policy file (YAML; default: stdout)', [
    'rules export policy.yaml',
  ]).action(async (file: string | undefined, options: CommonOptions) => {
    const all = await withApp(options, (app) => app.handle('rules.list', {}));
    const policy: PolicyFile = {
      version: 1,
      rules: all.filter((rule) => rule.source === 'person').map(asInput),
    };
    if (options.json && file === undefined) return printJson(policy);
    const { policyText } = await import('../../core/policy-file.ts');
    await writeText(file, policyText(policy));
  });
}

function addAdd(group: Command): void {
  addCommand(group, 'add <kind> <patterns...>', 'add a rule: --allow, --ask or --deny a kind of effect', [
    `rules add --allow write 'src/**' --workspace shop`,
    'rules add --allow exec --client "Claude Code" --expires 1h -- npm test',
    `rules add --allow exec -- wc -l '*'`,
    `rules add --deny read '**/.env' '**/.env.*' --note "secrets stay here"`,
    `rules add --ask net '*.example.com' --port 443`,
  ])
    .addHelpText(
      'after',
      `
Kinds and their patterns:
  read, write   paths relative to the workspace: * within a name, ** any folders
  exec          one pattern for each argument, after --; a last ... stands for any further ones
  net           hosts: a name, or *.example.com
  secret        providers of keys
  query         databases`,
    )
    .option('--allow', 'do it without asking')
    .option('--ask', 'ask every time')
    .option('--deny', 'refuse')
    .option('--workspace <name>', 'in this workspace only')
    .option('--client <name>', 'for this client only')
    .option('--expires <time>', 'until then: 30m, 1h, 7d from now, or a date')
    .option('--note <text>', 'why, for whoever reads the rule later')
    .option(
      '--op <op>',
      'write: this kind of change only (create, modify, delete, …); may be repeated',
      collect,
    )
    .option('--cwd <path>', 'exec: in this folder of the workspace only; may be repeated', collect)
    .option(
      '--port <port>',
      'net: this port only; may be repeated',
      (text: string, before: readonly number[] | undefined) => [...(before ?? []), integer(1, 65535)(text)],
    )
    .option('--method <method>', 'net: this method only; may be repeated', collect)
    .option('--access <access>', 'query: read or write only')
    .action(async (kind: string, patterns: string[], options: CommonOptions & RuleWords) => {
      const input = ruleFromWords(kind, patterns, options, Date.now());
      const rule = await withApp(options, (app) => app.handle('rules.add', input));
      if (options.json) return printJson(rule);
      print(`Added ${rule.id}: ${ruleWords(rule)}.`);
    });
}

function ruleTable(rules: readonly Rule[]): string {
  return table(rules, [
    { title: 'ID', of: (rule) => rule.id },
    { title: 'SAYS', of: (rule) => rule.effect, style: (rule) => STYLES[rule.effect] },
    { title: 'CLIENT', of: (rule) => rule.client ?? 'any' },
    {
      title: 'UNTIL',
      of: (rule) =>
        rule.expires === undefined
          ? ''
          : `${time(rule.expires)}${rule.expires <= Date.now() ? ' (over)' : ''}`,
    },
    { title: 'WHAT', of: (rule) => `${rule.match.kind}: ${matchText(rule.match, en)}` },
    {
      title: 'NOTE',
      of: (rule) => `${rule.source === 'project' ? "(project's file) " : ''}${rule.note ?? ''}`,
    },
  ]);
}

function ruleWords(rule: Rule): string {
  const verb = { allow: 'may', ask: 'must ask to', deny: 'may not' }[rule.effect];
  const until = rule.expires === undefined ? '' : ` until ${time(rule.expires)}`;
  return `${showLine(rule.client ?? 'any client')} ${verb} ${matchText(rule.match, en)}${until}`;
}

function printExplanation(answer: Explanation): void {
  if (answer.refused !== undefined) {
    print(
      `${paint('red', 'deny')}  A guard refuses it, whatever the rules say: ${showLine(answer.refused.message)}`,
    );
    return;
  }
  print(`${paint(STYLES[answer.decision], answer.decision)}  ${DECISION_WORDS[answer.decision]}`);
  for (const { effect, decision, reason } of answer.effects) {
    print(`  ${paint(STYLES[decision], decision.padEnd(5))} ${effectText(effect, en)}`);
    print(`        ${paint('dim', `${showLine(reason.text)} (${reason.by} ${reason.id})`)}`);
  }
}

const DECISION_WORDS = {
  allow: 'It would run at once.',
  ask: 'It would wait for a person.',
  deny: 'It would be refused.',
} as const;

async function loadPolicy(file: string): Promise<PolicyFile> {
  const { parsePolicy } = await import('../../core/policy-file.ts');
  return parsePolicy(await readText(file), file === '-' ? 'stdin' : basename(file));
}

interface ExampleResult {
  readonly name: string;
  readonly passed: boolean;
  readonly expected: string;
  readonly decision: string;
  readonly reasons: readonly string[];
}

async function testPolicy(policy: PolicyFile): Promise<ExampleResult[]> {
  const { compilePolicy } = await import('../../core/policy.ts');
  const rules = policy.rules.map(
    (rule, i): Rule => ({ ...rule, id: `rule ${i + 1}`, createdAt: 0, source: 'person' }),
  );
  const compiled = compilePolicy({ rules, grants: [], toolHashes: new Map() });
  return (policy.examples ?? []).map((example) => {
    const context = { clientId: '', clientName: example.client ?? '', now: Date.now() };
    const { decision, effects } = compiled.decide([example.effect], context);
    return {
      name: example.name ?? `${example.client ?? 'any client'} wants to ${effectText(example.effect, en)}`,
      passed: decision === example.expect,
      expected: example.expect,
      decision,
      reasons: effects.map(({ reason }) =>
        reason.by === 'rule' ? `${reason.id}: ${reason.text}` : reason.text,
      ),
    };
  });
}

async function importRules(
  app: App,
  wanted: readonly RuleInput[],
  replace: boolean,
): Promise<{ added: Rule[]; removed: Rule[] }> {
  const existing = (await app.handle('rules.list', {})).filter((rule) => rule.source === 'person');
  const have = new Set(existing.map(sameAs));
  const want = new Set(wanted.map(sameAs));
  const added: Rule[] = [];
  const removed: Rule[] = [];
  // What denies comes before what allows goes: there is no moment in which both are missing.
  for (const rule of wanted) {
    if (have.has(sameAs(rule))) continue;
    have.add(sameAs(rule));
    added.push(await app.handle('rules.add', rule));
  }
  for (const rule of replace ? existing : []) {
    if (!want.has(sameAs(rule))) removed.push(await app.handle('rules.remove', { id: rule.id }));
  }
  return { added, removed };
}

/** Two rules are the same when all that a person wrote is. */
function sameAs(rule: RuleInput): string {
  return canonicalJson(asInput(rule));
}

function asInput({ effect, match, client, expires, note }: RuleInput): RuleInput {
  return {
    effect,
    match,
    ...(client === undefined ? {} : { client }),
    ...(expires === undefined ? {} : { expires }),
    ...(note === undefined ? {} : { note }),
  };
}

function jsonObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError(`The tool's input must be JSON, such as '{"path":"README.md"}'.`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError("The tool's input must be a JSON object.");
  return Object.fromEntries(Object.entries(value));
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
