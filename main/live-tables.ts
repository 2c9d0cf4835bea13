import type { Workspace } from '../contract/entities.ts';
import type { Rule } from '../contract/policy.ts';
import { compilePolicy, denyEverything, type Policy } from './core/policy.ts';
import { loadProjectRules, type ProjectRules } from './core/project-policy.ts';
import type { Log } from './ports.ts';
import type { Store } from './store/open.ts';

/** What of the tables can be told apart without reading them in full. */
export interface Snapshot {
  readonly version: number;
  readonly tools: string;
  readonly workspaces: string;
}

/**
 * The tables as they are now, read again only when one of them has changed, by whichever process. Everything on the
 * path of a call comes from here.
 */
export class LiveTables {
  readonly #store: Store;
  readonly #log: Log;
  readonly #toolHashes: () => ReadonlyMap<string, string>;
  #projects: ProjectRules;
  #rows: { version: number; workspaces: readonly Workspace[]; off: ReadonlySet<string> } | undefined;
  #clients: { version: number; ids: ReadonlySet<string> } | undefined;
  #policy: { version: number; projects: ProjectRules; compiled: Policy } | undefined;

  /** @param toolHashes - asked when the policy is compiled: the hash of each tool that exists */
  constructor(store: Store, log: Log, projects: ProjectRules, toolHashes: () => ReadonlyMap<string, string>) {
    this.#store = store;
    this.#log = log;
    this.#projects = projects;
    this.#toolHashes = toolHashes;
  }

  get workspaces(): readonly Workspace[] {
    return this.#current().workspaces;
  }

  /** Names of the tools that are switched off. */
  get toolsOff(): ReadonlySet<string> {
    return this.#current().off;
  }

  /** What is wrong with the workspaces' own policy files. */
  get problems(): readonly string[] {
    return this.#projects.problems;
  }

  clientActive(id: string): boolean {
    const version = this.#store.version();
    let known = this.#clients;
    if (known?.version !== version) {
      const active = this.#store.clients.list().filter((client) => client.revokedAt === undefined);
      known = { version, ids: new Set(active.map((client) => client.id)) };
      this.#clients = known;
    }
    return known.ids.has(id);
  }

  /** A person's rules, then those of the workspaces' own policy files. @throws FastbandError `policy_unavailable` */
  rules(): Rule[] {
    return [...this.#store.rules.list(), ...this.#projects.rules];
  }

  /** The policy, compiled. One that cannot be read denies everything. */
  policy(): Policy {
    const version = this.#store.version();
    const cached = this.#policy;
    if (cached?.version === version && cached.projects === this.#projects) return cached.compiled;
    let compiled: Policy;
    try {
      compiled = compilePolicy({
        rules: this.rules(),
        grants: this.#store.grants.list(),
        toolHashes: this.#toolHashes(),
      });
    } catch (error) {
      this.#log.error({ err: error }, 'the policy cannot be read, so everything is denied');
      compiled = denyEverything('The policy cannot be read, so everything is denied. Run "fastband doctor".');
    }
    this.#policy = { version, projects: this.#projects, compiled };
    return compiled;
  }

  snapshot(): Snapshot {
    return {
      version: this.#store.version(),
      tools: [...this.toolsOff].sort().join(' '),
      workspaces: JSON.stringify(this.workspaces),
    };
  }

  /** Reads the workspaces' policy files again. @returns whether one has changed */
  async reloadProjects(): Promise<boolean> {
    const loaded = await loadProjectRules(this.workspaces, this.#projects);
    if (loaded === this.#projects) return false;
    this.#projects = loaded;
    return true;
  }

  #current() {
    const version = this.#store.version();
    const cached = this.#rows;
    if (cached?.version === version) return cached;
    const fresh = {
      version,
      workspaces: this.#store.workspaces.list(),
      off: this.#store.toolSwitches.disabled(),
    };
    this.#rows = fresh;
    return fresh;
  }
}
