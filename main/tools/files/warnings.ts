import type { PlanContext } from '../../core/tool.ts';
import type { PathStat } from '../../guard/path.ts';

/** What a person should hear about a change to a file before they allow it. */
export function changeWarnings(
  path: string,
  viaLink: boolean,
  before: PathStat | null,
  context: PlanContext,
): string[] {
  const warnings: string[] = [];
  if (viaLink) warnings.push(`The path leads through a link; what changes is ${path}.`);
  if (before !== null && (before.mode & 0o111) !== 0 && (before.mode & 0o170000) === 0o100000)
    warnings.push(`${path} is executable.`);
  if (before !== null && before.size > context.settings.journal.maxFileBytes) {
    warnings.push(`${path} is too large to keep a copy of: this cannot be undone.`);
  }
  if (before !== null && before.nlink > 1 && (before.mode & 0o170000) === 0o100000) {
    warnings.push(`${path} has other names (hard links); they keep the old content.`);
  }
  const special = SPECIAL.find(({ pattern }) => pattern.test(path));
  if (special !== undefined) warnings.push(`${path} ${special.why}.`);
  else if (/(?:^|\/)\.[^/]+\//.test(path)) warnings.push(`${path} is in a hidden folder.`);
  return warnings;
}

/** Files that something else runs or obeys later. Names count in any case: some file systems do not tell them apart. */
const SPECIAL: readonly { readonly pattern: RegExp; readonly why: string }[] = [
  {
    pattern: /(^|\/)\.(github\/(workflows|actions)|circleci|buildkite|woodpecker)\//i,
    why: 'is run by continuous integration',
  },
  {
    pattern: /(^|\/)(\.gitlab-ci\.ya?ml|\.travis\.yml|Jenkinsfile|azure-pipelines\.yml)$/i,
    why: 'is run by continuous integration',
  },
  {
    pattern:
      /(^|\/)(package\.json|(GNU)?Makefile|justfile|Rakefile|pyproject\.toml|setup\.py|conftest\.py|build\.rs|CMakeLists\.txt|build\.gradle(\.kts)?|Dockerfile)$/i,
    why: 'can hold commands that run later',
  },
  {
    pattern: /(^|\/)\.(vscode|idea|devcontainer|cursor|claude|codex|zed)\//i,
    why: 'can make an editor or agent run commands',
  },
  {
    pattern: /(^|\/)((CLAUDE|AGENTS|GEMINI)\.md|\.mcp\.json|\.cursorrules)$/i,
    why: 'tells agents what to do',
  },
  { pattern: /(^|\/)\.(husky|githooks)\//i, why: 'can hold git hooks' },
  {
    pattern:
      /(^|\/)\.(bashrc|bash_profile|bash_login|zshrc|zprofile|zshenv|profile|envrc|npmrc|yarnrc(\.yml)?|gitconfig|gitattributes|gitmodules)$/i,
    why: 'changes how a shell or tool behaves',
  },
];
