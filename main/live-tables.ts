import type { Workspace } from '../contract/entities.ts';
import type { Rule } from '../contract/policy.ts';
import { compilePolicy, denyEverything, type Policy } from './core/policy.ts';
import { loadProjectRules, type ProjectRules } from './core/project-policy.ts';
import type { Log } from './ports.ts';
import type { Store } from './store/open.ts';

const UNREADABLE = 'The policy cannot be read, so everything is denied. Run "fastband doctor".';
const NONE: ReadonlySet<string> = new Set();

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
  #reloading: Promise<boolean> = Promise.resolve(false);
  #rows:
    | {
        version: number;
        projects: ProjectRules;
        workspaces: readonly Workspace[];
        off: ReadonlySet<string>;
      }
    | undefined;
  #clients: { version: number; toolsOff: ReadonlyMap<string, ReadonlySet<string>> } | undefined;
  #policy: { version: number; projects: ProjectRules; compiled: Policy; unreadable: boolean } | undefined;

  /** @param toolHashes - asked when the policy is compiled: the hash of each tool that exists */
  constructor(store: Store, log: Log, projects: ProjectRules, toolHashes: () => ReadonlyMap<string, string>) {
    this.#store = store;
    this.#log = log;
    this.#projects = projects;
    this.#toolHashes = toolHashes;
  }

  /** Those whose own policy file has been read: until then a workspace could be used without its rules. */
  get workspaces(): readonly Workspace[] {
    return this.#current().workspaces;
  }

  /** Names of the tools that are switched off. */
  get toolsOff(): ReadonlySet<string> {
    return this.#current().off;
  }

  /** What is wrong with the policy, and with the workspaces' own policy files. */
  get problems(): readonly string[] {
    this.policy();
    const unreadable = this.#policy?.unreadable === true ? [UNREADABLE] : [];
    return [...unreadable, ...this.#projects.problems];
  }

  clientActive(id: string): boolean {
    return this.#activeClients().has(id);
  }

  /** Names of the tools that are switched off for one client alone. */
  clientToolsOff(id: string): ReadonlySet<string> {
    return this.#activeClients().get(id) ?? NONE;
  }

  #activeClients(): ReadonlyMap<string, ReadonlySet<string>> {
    const version = this.#store.version();
    let known = this.#clients;
    if (known?.version !== version) {
      const active = this.#store.clients.list().filter((client) => client.revokedAt === undefined);
      known = { version, toolsOff: new Map(active.map((one) => [one.id, new Set(one.toolsOff)])) };
      this.#clients = known;
    }
    return known.toolsOff;
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
    let unreadable = false;
    try {
      compiled = compilePolicy({
        rules: this.rules(),
        grants: this.#store.grants.list(),
        toolHashes: this.#toolHashes(),
      });
    } catch (error) {
      this.#log.error({ err: error }, 'the policy cannot be read, so everything is denied');
      compiled = denyEverything(UNREADABLE);
      unreadable = true;
    }
    this.#policy = { version, projects: this.#projects, compiled, unreadable };
    return compiled;
  }

  snapshot(): Snapshot {
    return {
      version: this.#store.version(),
      tools: JSON.stringify([
        [...this.toolsOff].sort(),
        ...[...this.#activeClients()].filter(([, off]) => off.size > 0).map(([id, off]) => [id, ...off]),
      ]),
      workspaces: JSON.stringify(this.#store.workspaces.list()),
    };
  }

  /** Reads the workspaces' policy files again. @returns whether one has changed */
  reloadProjects(): Promise<boolean> {
    // One after the other: an older look that takes longer must not replace a newer one.
    const reload = this.#reloading.then(() => this.#reload());
    this.#reloading = reload.catch(() => false);
    return reload;
  }

  async #reload(): Promise<boolean> {
    const loaded = await loadProjectRules(this.#store.workspaces.list(), this.#projects);
    if (loaded === this.#projects) return false;
    this.#projects = loaded;
    return true;
  }

  #current() {
    const version = this.#store.version();
    const cached = this.#rows;
    const projects = this.#projects;
    if (cached?.version === version && cached.projects === projects) return cached;
    const read = new Set(projects.workspaces.map(({ name, root }) => `${name}\0${root}`));
    const fresh = {
      version,
      projects,
      workspaces: this.#store.workspaces.list().filter(({ name, root }) => read.has(`${name}\0${root}`)),
      off: this.#store.toolSwitches.disabled(),
    };
    this.#rows = fresh;
    return fresh;
  }
}
