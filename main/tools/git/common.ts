import { join, relative } from 'node:path';
import { z } from 'zod';
import type { Effect, WriteOp } from '../../../contract/effects.ts';
import type { Workspace } from '../../../contract/entities.ts';
import { FastbandError } from '../../core/errors.ts';
import type { PlanContext } from '../../core/tool.ts';
import { isOwn, isOwnLink } from '../../guard/fs-home.ts';
import { isPolicyFolderName } from '../../guard/fs-names.ts';
import { git, openRepository, plainRevision, type Repository } from '../../guard/git.ts';
import { lstatOf, workspaceOf } from '../../guard/path.ts';
import { childPath, resolveFor } from '../paths.ts';

export const REPOSITORY = z.string().default('.').describe('in the repository');
/** Largest patch that is answered, in characters. */
export const MAX_PATCH = 200_000;
const MAX_NAMED = 200;

export async function repositoryAt(
  path: string,
  context: PlanContext,
  intent: 'read' | 'write' = 'read',
): Promise<Repository> {
  const folder = await resolveFor(context, path, 'read');
  if (intent === 'write' && folder.workspace.readOnly)
    throw new FastbandError('read_only', `The workspace ${folder.workspace.name} is read only.`);
  return openRepository(folder, context);
}

/** The repository as JSON, for a plan's data. */
export function frozen(repository: Repository): Repository {
  return { ...repository, workspace: { ...repository.workspace } };
}

export function readEffect({ workspace, relative }: Repository): Effect {
  return { kind: 'read', workspace: workspace.name, path: relative, tree: true };
}

export function gitEffect({ workspace, gitPath }: Repository, op: Extract<WriteOp, `git-${string}`>): Effect {
  return { kind: 'write', workspace: workspace.name, path: gitPath, op };
}

/** A path of the repository as one of the workspace. */
export function inWorkspace({ relative }: Repository, path: string): string {
  return childPath(relative, path);
}

/** Where a name of the repository lies: in the innermost workspace, whose rules count, as for every other tool. */
export function placeOf(
  repository: Repository,
  name: string,
  { workspaces }: PlanContext,
): { readonly workspace: Workspace; readonly path: string } {
  const absolute = join(repository.root, name);
  const workspace = workspaceOf(absolute, workspaces) ?? repository.workspace;
  const path = relative(workspace.root, absolute);
  return { workspace, path: path === '' ? '.' : path.replaceAll('\\', '/') };
}

/** Effects on files of the working tree; past a number the whole tree stands for all. */
export function fileEffects(
  repository: Repository,
  names: readonly string[],
  context: PlanContext,
): Effect[] {
  const places = names.map((name) => placeOf(repository, name, context));
  if (names.length <= MAX_NAMED)
    return places.map(({ workspace, path }) => writeEffect(workspace, path, false));
  const inner = new Set(
    places.map((one) => one.workspace).filter((one) => one.name !== repository.workspace.name),
  );
  return [
    writeEffect(repository.workspace, repository.relative, true),
    ...[...inner].map((workspace) => writeEffect(workspace, '.', true)),
  ];
}

function writeEffect({ name }: Workspace, path: string, tree: boolean): Effect {
  return { kind: 'write', workspace: name, path, op: 'git-restore', ...(tree ? { tree } : {}) };
}

/** The commit that a revision names. A blob or tree named by its hash would show files past the rules about them. */
export async function commitOf(
  repository: Repository,
  revision: string,
  context: PlanContext,
): Promise<string> {
  const { stdout, exitCode } = await git(
    repository,
    ['rev-parse', '--verify', '--quiet', '--end-of-options', `${plainRevision(revision)}^{commit}`],
    context,
    { allowFailure: true },
  );
  if (exitCode !== 0) throw new FastbandError('not_found', `There is no commit ${revision.slice(0, 100)}.`);
  return stdout.trim();
}

/** HEAD's commit; null where there is none yet. */
export async function headOf(repository: Repository, context: PlanContext): Promise<string | null> {
  const { stdout, exitCode } = await git(
    repository,
    ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'],
    context,
    { allowFailure: true },
  );
  return exitCode === 0 ? stdout.trim() : null;
}

/** The branch that HEAD is on; null when it is on none. */
export async function branchOf(repository: Repository, context: PlanContext): Promise<string | null> {
  const { stdout, exitCode } = await git(
    repository,
    ['symbolic-ref', '--quiet', '--short', 'HEAD'],
    context,
    { allowFailure: true },
  );
  return exitCode === 0 ? stdout.trim() : null;
}

export function zeroSeparated(text: string): string[] {
  return text.split('\0').filter((one) => one !== '');
}

/** Names sorted into those that the rules let the client read and those that they do not. */
export function byVisibility(
  repository: Repository,
  names: readonly string[],
  context: PlanContext,
): { shown: string[]; hidden: number } {
  const shown = names.filter((name) =>
    context.visible(repository.workspace.name, inWorkspace(repository, name)),
  );
  return { shown, hidden: names.length - shown.length };
}

/** As `byVisibility`, for what reads the files: one that is Fastband's own under a second name is not to be read. */
export async function byContent(
  repository: Repository,
  names: readonly string[],
  context: PlanContext,
): Promise<{ shown: string[]; hidden: number }> {
  const { shown, hidden } = byVisibility(repository, names, context);
  const own = await Promise.all(
    shown.map(async (name) => {
      const info = await lstatOf(join(repository.root, name));
      return info !== null && isOwnLink(info, context.ports.home);
    }),
  );
  const readable = shown.filter((_, at) => own[at] === false);
  return { shown: readable, hidden: hidden + shown.length - readable.length };
}

export const DIFF = [
  '--no-ext-diff',
  '--no-textconv',
  '--no-renames',
  '--no-color',
  '--submodule=short',
  // Here, as .gitmodules may overrule a setting: git would look into a submodule with the programs that that one names.
  '--ignore-submodules=all',
];

/** A patch of what the client may see: files that the rules hide are left out and counted. */
export async function patchOf(
  repository: Repository,
  args: readonly string[],
  context: PlanContext,
  only: readonly string[] = [],
): Promise<{ patch: string; files: string[]; hidden: number; cut: boolean }> {
  const limit = only.length === 0 ? [] : ['--', ...only];
  const names = zeroSeparated(
    (await git(repository, [...args, ...DIFF, '--name-only', '-z', ...limit], context)).stdout,
  );
  const { shown, hidden } = await byContent(repository, names, context);
  if (shown.length === 0) return { patch: '', files: [], hidden, cut: false };
  if (hidden > 0 && shown.length > 2000)
    throw new FastbandError(
      'too_large',
      'Some of these files are hidden by rules, and there are too many others to name. Ask for fewer.',
    );
  const paths = hidden > 0 ? ['--', ...shown] : limit;
  const { stdout } = await git(repository, [...args, ...DIFF, ...paths], context, { partial: true });
  return { patch: stdout.slice(0, MAX_PATCH), files: shown, hidden, cut: stdout.length > MAX_PATCH };
}

/** Resolves what a caller names to names in the repository. */
export async function namesIn(
  repository: Repository,
  paths: readonly string[],
  context: PlanContext,
  intent: 'read' | 'write',
): Promise<string[]> {
  const names: string[] = [];
  for (const path of paths) {
    const { absolute } = await resolveFor(context, path, intent, { followLast: false });
    if (absolute !== repository.root && !absolute.startsWith(`${repository.root}/`))
      throw new FastbandError('invalid_input', `${path} is not in this repository.`);
    names.push(absolute === repository.root ? '.' : absolute.slice(repository.root.length + 1));
  }
  return names;
}

/** Whether a name is one of these, or lies in one of them. */
export function isAmong(name: string, chosen: readonly string[]): boolean {
  return chosen.some((one) => one === '.' || name === one || name.startsWith(`${one}/`));
}

/**
 * Refuses files that git would put through a filter program (Git LFS and the like): with the filter off, what it
 * stores or writes would be wrong.
 */
export async function refuseFiltered(
  repository: Repository,
  names: readonly string[],
  context: PlanContext,
): Promise<void> {
  if (names.length === 0) return;
  const { stdout } = await git(repository, ['check-attr', '-z', '--stdin', 'filter'], context, {
    stdin: `${names.join('\0')}\0`,
  });
  const fields = zeroSeparated(stdout);
  for (let i = 0; i + 2 < fields.length; i += 3) {
    const value = fields[i + 2];
    if (value !== undefined && !['unspecified', 'unset'].includes(value)) {
      throw new FastbandError(
        'git_refused',
        `${fields[i]} goes through the filter "${value}" (as Git LFS does), which Fastband does not run. Ask your user to do this by hand.`,
      );
    }
  }
}

/** Refuses names that no tool may write, also where git would. @throws FastbandError `path_refused`, `read_only` */
export function refuseProtectedNames(
  repository: Repository,
  names: readonly string[],
  context: PlanContext,
): void {
  for (const name of names) {
    if (isOwn(join(repository.root, name), context.ports.home))
      throw new FastbandError(
        'path_refused',
        `This would change ${name}, which belongs to Fastband itself. No tool does that.`,
      );
    if (name.split('/').some(isPolicyFolderName))
      throw new FastbandError(
        'path_refused',
        `This would change ${name}, the project's policy for Fastband. Only a person does that.`,
      );
    const { workspace } = placeOf(repository, name, context);
    if (workspace.readOnly)
      throw new FastbandError(
        'read_only',
        `This would change ${name}, which is in the workspace ${workspace.name}. That one is read only.`,
      );
  }
}
