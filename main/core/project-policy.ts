import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { showLine } from '../../contract/display.ts';
import type { Workspace } from '../../contract/entities.ts';
import type { PolicyFile, Rule } from '../../contract/policy.ts';
import { sha256Hex } from './canonical.ts';
import { readPolicy } from './policy-reader.ts';

export const PROJECT_POLICY = '.fastband/policy.yaml';
const MAX_BYTES = 256 * 1024;

/** The rules that the workspaces' own files add. Same files, same object: compare by identity. */
export interface ProjectRules {
  readonly rules: readonly Rule[];
  /** What is wrong with a file, for a person. Such a file denies every change and command in its workspace. */
  readonly problems: readonly string[];
  readonly fingerprint: string;
  /** Whose files were read. A workspace that is not among them has no policy yet, and must not be used. */
  readonly workspaces: readonly Workspace[];
}

/**
 * Reads each workspace's policy file. An agent could write one, so it can only tighten: `allow` rules in it are a
 * mistake that is reported and that counts for nothing, and every rule applies to its own workspace alone.
 *
 * @param before - what was loaded last; returned again when no file has changed
 */
export async function loadProjectRules(
  workspaces: readonly Workspace[],
  before: ProjectRules | undefined,
): Promise<ProjectRules> {
  const files = await Promise.all(workspaces.map(readPolicyFile));
  const fingerprint = sha256Hex(
    JSON.stringify(files.map((file) => [file.workspace.name, file.workspace.root, file.text, file.problem])),
  );
  if (before?.fingerprint === fingerprint) return before;
  const rules: Rule[] = [];
  const problems: string[] = [];
  for (const { workspace, text, problem } of files) {
    const loaded =
      problem === undefined ? await readProjectPolicy(workspace, text) : closed(workspace, problem);
    rules.push(...loaded.rules);
    problems.push(...loaded.problems);
  }
  return { rules, problems, fingerprint, workspaces };
}

interface PolicyText {
  readonly workspace: Workspace;
  /** Undefined when there is no file. */
  readonly text: string | undefined;
  readonly problem: string | undefined;
}

async function readPolicyFile(workspace: Workspace): Promise<PolicyText> {
  let file: FileHandle | undefined;
  try {
    // Not through a link, and not stuck on a FIFO: both would be there to trick this read.
    file = await open(
      join(workspace.root, PROJECT_POLICY),
      constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
    );
    const stats = await file.stat();
    if (!stats.isFile() || stats.size > MAX_BYTES)
      return { workspace, text: undefined, problem: `is not a file of at most ${MAX_BYTES} bytes` };
    return { workspace, text: await file.readFile('utf8'), problem: undefined };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const absent = code === 'ENOENT' || code === 'ENOTDIR';
    return {
      workspace,
      text: undefined,
      problem: absent ? undefined : `cannot be read (${code ?? 'unknown error'})`,
    };
  } finally {
    await file?.close();
  }
}

/** What a workspace's own policy file says now: how many rules count, and what is wrong with it. */
export async function inspectProjectPolicy(
  workspace: Workspace,
): Promise<{ rules: number | null; problem?: string }> {
  const { text, problem } = await readPolicyFile(workspace);
  if (text === undefined && problem === undefined) return { rules: null };
  const { rules, problems } =
    problem === undefined ? await readProjectPolicy(workspace, text) : closed(workspace, problem);
  return { rules: rules.length, ...(problems[0] === undefined ? {} : { problem: problems[0] }) };
}

/** The rules of one file's text. A file that cannot be understood denies all but reading in its workspace. */
async function readProjectPolicy(
  workspace: Workspace,
  text: string | undefined,
): Promise<{ rules: Rule[]; problems: string[] }> {
  if (text === undefined) return { rules: [], problems: [] };
  let parsed: PolicyFile;
  try {
    parsed = await readPolicy(text, 'it');
  } catch (error) {
    return closed(
      workspace,
      `cannot be understood: ${error instanceof Error ? error.message.replace(/\.$/, '') : 'unknown error'}`,
    );
  }
  const rules: Rule[] = [];
  const problems: string[] = [];
  parsed.rules.forEach((input, index) => {
    const where = `Rule ${index + 1} of ${PROJECT_POLICY} in ${workspace.name}`;
    const named = 'workspace' in input.match ? input.match.workspace : undefined;
    if (input.effect === 'allow')
      problems.push(`${where} says "allow", which a project's file cannot. It counts for nothing.`);
    else if (named !== undefined && named !== workspace.name)
      problems.push(`${where} names another workspace. It counts for nothing.`);
    else rules.push(projectRule(workspace, index, input));
  });
  return { rules, problems };
}

function projectRule(workspace: Workspace, index: number, input: PolicyFile['rules'][number]): Rule {
  // Rules about hosts and keys know no workspace: from here they tighten for all, as every rule in a file does.
  const match =
    'workspace' in input.match || ['read', 'write', 'exec', 'query'].includes(input.match.kind)
      ? ({ ...input.match, workspace: workspace.name } as Rule['match'])
      : input.match;
  return { ...input, match, id: `project:${workspace.name}:${index + 1}`, createdAt: 0, source: 'project' };
}

function closed(workspace: Workspace, problem: string): { rules: Rule[]; problems: string[] } {
  const note = `${PROJECT_POLICY} ${showLine(problem).slice(0, 300)}`;
  const deny = (index: number, match: Rule['match']): Rule => ({
    id: `project:${workspace.name}:closed-${index}`,
    effect: 'deny',
    match,
    note: note.slice(0, 500),
    createdAt: 0,
    source: 'project',
  });
  return {
    rules: [
      deny(1, { kind: 'write', workspace: workspace.name, paths: ['**'] }),
      deny(2, { kind: 'exec', workspace: workspace.name, argv: ['...'] }),
      deny(3, { kind: 'query', workspace: workspace.name, databases: ['*'] }),
    ],
    problems: [`In ${workspace.name}, ${note}. Until it is mended, nothing may be changed or run there.`],
  };
}
