import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  realpath,
  rm,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Effect } from '../../contract/effects.ts';
import type { Workspace } from '../../contract/entities.ts';
import type { Decision } from '../../contract/policy.ts';
import { DEFAULT_SETTINGS, mergeSettings, type SettingsPatch } from '../../contract/settings.ts';
import { deepFreeze } from '../core/canonical.ts';
import { FakeClock, fakePorts } from '../core/testing.ts';
import type {
  JournalChange,
  Plan,
  PlanContext,
  PlanPreview,
  RunContext,
  Tool,
  ToolResult,
} from '../core/tool.ts';
import { visibility } from '../core/visible.ts';

/** What a call left in the journal, in order. */
export interface Kept extends JournalChange {
  done: boolean;
  /** The file's bytes as they were when it was kept. */
  content: string | undefined;
}

/** A workspace in a temporary folder, and all that a tool needs to run in it. */
export class ToolBench {
  readonly clock = new FakeClock();
  readonly journal: Kept[] = [];
  readonly told: string[] = [];
  /** Paths (`workspace:path`) that the rules hide. */
  readonly hidden = new Set<string>();
  readonly workspaces: Workspace[];
  readonly base: string;
  /** A test may say that it lies elsewhere. */
  home: string;
  /** The policy's word on effects that turn up while running. */
  decision: (effect: Effect) => Decision = () => 'ask';
  settings = DEFAULT_SETTINGS;
  controller = new AbortController();
  /** Called after the journal kept a pre-image: a place for a test to change the world. */
  afterKept: (change: JournalChange) => Promise<void> | void = () => {};

  private constructor(base: string) {
    this.base = base;
    this.home = join(base, 'home');
    this.workspaces = [{ name: 'ws', root: join(base, 'ws'), readOnly: false, createdAt: 0 }];
  }

  /** @param files - content by path relative to the workspace; a path that ends with a slash is an empty folder */
  static async create(files: Readonly<Record<string, string | Buffer>> = {}): Promise<ToolBench> {
    const bench = new ToolBench(await realpath(await mkdtemp(join(tmpdir(), 'fastband-tools-'))));
    await Promise.all([mkdir(bench.home), mkdir(bench.root)]);
    for (const [path, content] of Object.entries(files)) await bench.put(path, content);
    return bench;
  }

  get root(): string {
    return join(this.base, 'ws');
  }

  path(...parts: string[]): string {
    return join(this.root, ...parts);
  }

  async put(path: string, content: string | Buffer): Promise<void> {
    if (path.endsWith('/')) await mkdir(this.path(path), { recursive: true });
    else {
      await mkdir(dirname(this.path(path)), { recursive: true });
      await writeFile(this.path(path), content);
    }
  }

  text(path: string): Promise<string> {
    return readFile(this.path(path), 'utf8');
  }

  set(patch: SettingsPatch): void {
    this.settings = mergeSettings(this.settings, patch);
  }

  planContext(): PlanContext {
    return {
      client: { id: 'k1', name: 'Claude Code' },
      workspaces: this.workspaces,
      settings: this.settings,
      ports: fakePorts(this.clock, { home: this.home }),
      signal: this.controller.signal,
      visible: visibility(
        this.workspaces,
        this.home,
        (workspace, path) => !this.hidden.has(`${workspace}:${path}`),
      ),
      decision: (effect) => this.decision(effect),
      host: {
        version: '1.2.3',
        startedAt: this.clock.now() - 5000,
        auditOk: () => true,
        toolCount: () => 7,
        waitingApprovals: () => 2,
      },
    };
  }

  runContext(): RunContext {
    return {
      ...this.planContext(),
      callId: 'c1',
      progress: (message) => void this.told.push(message),
      journal: {
        before: async (change) => {
          const content = await readFile(change.absolute, 'utf8').catch(() => undefined);
          const kept: Kept = { ...change, done: false, content };
          this.journal.push(kept);
          await this.afterKept(change);
          return {
            done: async () => {
              kept.done = true;
            },
          };
        },
      },
    };
  }

  /** Parses and plans as the dispatcher does, and checks that planning changes nothing. */
  async plan<I, D, O>(tool: Tool<I, D, O>, input: unknown): Promise<Plan<D>> {
    const before = await this.snapshot();
    const plan = await tool.plan(tool.input.parse(input), this.planContext());
    deepFreeze(plan.effects);
    deepFreeze(plan.data);
    // What is frozen must survive as JSON: that is what is hashed.
    if (JSON.stringify(plan.data) === undefined) throw new Error('the plan has no data');
    this.#refuseDifference(before, await this.snapshot(), []);
    return plan;
  }

  /** Runs a plan, and checks that it changes nothing but what the plan's effects name. */
  async run<I, D, O>(tool: Tool<I, D, O>, plan: Plan<D>): Promise<ToolResult<O>> {
    const before = await this.snapshot();
    try {
      const result = await tool.run(plan, this.runContext());
      tool.output.parse(result.output);
      return result;
    } finally {
      this.#refuseDifference(before, await this.snapshot(), plan.effects);
    }
  }

  async call<I, D, O>(
    tool: Tool<I, D, O>,
    input: unknown,
  ): Promise<ToolResult<O> & { readonly plan: Plan<D>; readonly text: string }> {
    const plan = await this.plan(tool, input);
    const result = await this.run(tool, plan);
    const first = result.content?.[0];
    return { ...result, plan, text: first?.type === 'text' ? first.text : '' };
  }

  async preview<D>(plan: Plan<D>): Promise<PlanPreview> {
    if (plan.preview === undefined) throw new Error('the plan has no preview');
    return plan.preview();
  }

  /** Every path below the base with what it is; used to see what changed. */
  async snapshot(): Promise<Map<string, string>> {
    const seen = new Map<string, string>();
    const visit = async (path: string) => {
      for (const name of (await readdir(path)).sort()) {
        const child = join(path, name);
        const info = await lstat(child);
        if (info.isDirectory()) {
          seen.set(child, `folder ${info.mode}`);
          await visit(child);
        } else if (info.isSymbolicLink()) seen.set(child, `link ${await readlink(child)}`);
        else if (info.isFile())
          seen.set(
            child,
            `file ${info.mode} ${info.size > 1_000_000 ? info.size : await readFile(child, 'base64').catch(() => '?')}`,
          );
        else seen.set(child, 'other');
      }
    };
    await visit(this.base);
    return seen;
  }

  async remove(): Promise<void> {
    await rm(this.base, { recursive: true, force: true });
  }

  #refuseDifference(
    before: Map<string, string>,
    after: Map<string, string>,
    effects: readonly Effect[],
  ): void {
    const roots = new Map(this.workspaces.map((one) => [one.name, one.root]));
    const may = effects.flatMap((effect) =>
      effect.kind === 'write'
        ? [{ at: join(roots.get(effect.workspace) ?? '/nowhere', effect.path), tree: effect.tree === true }]
        : [],
    );
    for (const path of new Set([...before.keys(), ...after.keys()])) {
      if (before.get(path) === after.get(path)) continue;
      const named = may.some(({ at, tree }) => path === at || (tree && path.startsWith(`${at}/`)));
      if (!named) throw new Error(`${path} changed, which no effect of the plan names`);
    }
  }
}

/** The code that a call is refused with, and its message. */
export async function refusal(promise: Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error)
      return { code: 'code' in error ? String(error.code) : error.name, message: error.message };
    throw error;
  }
  return { code: 'allowed', message: '' };
}
