import type { Warning } from '../../../contract/approvals.ts';
import { warning } from '../../../contract/sentences.ts';
import type { PlanContext } from '../../core/tool.ts';
import type { PathStat } from '../../guard/path.ts';

/** What a person should hear about a change to a file before they allow it. */
export function changeWarnings(
  path: string,
  viaLink: boolean,
  before: PathStat | null,
  context: PlanContext,
): Warning[] {
  const warnings: Warning[] = [];
  if (viaLink) warnings.push(warning('throughLink', path));
  if (before !== null && (before.mode & 0o111) !== 0 && (before.mode & 0o170000) === 0o100000)
    warnings.push(warning('executable', path));
  if (before !== null && before.size > context.settings.journal.maxFileBytes) {
    warnings.push(warning('noCopy', path));
  }
  if (before !== null && before.nlink > 1 && (before.mode & 0o170000) === 0o100000) {
    warnings.push(warning('otherNames', path));
  }
  const special = SPECIAL.find(({ pattern }) => pattern.test(path));
  if (special !== undefined) warnings.push(warning(special.code, path));
  else if (/(?:^|\/)\.[^/]+\//.test(path)) warnings.push(warning('hiddenFolder', path));
  return warnings;
}

type SpecialCode =
  | 'runByCi'
  | 'holdsCommands'
  | 'startsCommands'
  | 'tellsAgents'
  | 'holdsHooks'
  | 'changesTools';

/** Files that something else runs or obeys later. Names count in any case: some file systems do not tell them apart. */
const SPECIAL: readonly { readonly pattern: RegExp; readonly code: SpecialCode }[] = [
  {
    pattern: /(^|\/)\.(github\/(workflows|actions)|circleci|buildkite|woodpecker)\//i,
    code: 'runByCi',
  },
  {
    pattern: /(^|\/)(\.gitlab-ci\.ya?ml|\.travis\.yml|Jenkinsfile|azure-pipelines\.yml)$/i,
    code: 'runByCi',
  },
  {
    pattern:
      /(^|\/)(package\.json|(GNU)?Makefile|justfile|Rakefile|pyproject\.toml|setup\.py|conftest\.py|build\.rs|CMakeLists\.txt|build\.gradle(\.kts)?|Dockerfile)$/i,
    code: 'holdsCommands',
  },
  {
    pattern: /(^|\/)\.(vscode|idea|devcontainer|cursor|claude|codex|zed)\//i,
    code: 'startsCommands',
  },
  {
    pattern: /(^|\/)((CLAUDE|AGENTS|GEMINI)\.md|\.mcp\.json|\.cursorrules)$/i,
    code: 'tellsAgents',
  },
  { pattern: /(^|\/)\.(husky|githooks)\//i, code: 'holdsHooks' },
  {
    pattern:
      /(^|\/)\.(bashrc|bash_profile|bash_login|zshrc|zprofile|zshenv|profile|envrc|npmrc|yarnrc(\.yml)?|gitconfig|gitattributes|gitmodules)$/i,
    code: 'changesTools',
  },
];
