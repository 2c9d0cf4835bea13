import type { Tool } from '../core/tool.ts';
import { browserTools } from './browser/browser-tools.ts';
import { runCommand } from './commands/run-command.ts';
import { databaseTools } from './databases/family.ts';
import { createDirectory } from './files/create-directory.ts';
import { deletePath } from './files/delete-path.ts';
import { editFile } from './files/edit-file.ts';
import { fileInfo } from './files/file-info.ts';
import { findFiles } from './files/find-files.ts';
import { listDirectory } from './files/list-directory.ts';
import { movePath } from './files/move-path.ts';
import { readFile } from './files/read-file.ts';
import { readManyFiles } from './files/read-many-files.ts';
import { searchFiles } from './files/search-files.ts';
import { writeFile } from './files/write-file.ts';
import { gitBranches } from './git/git-branches.ts';
import { gitCommit } from './git/git-commit.ts';
import { gitCreateBranch } from './git/git-create-branch.ts';
import { gitDiff } from './git/git-diff.ts';
import { gitLog } from './git/git-log.ts';
import { gitRestore } from './git/git-restore.ts';
import { gitShow } from './git/git-show.ts';
import { gitStage } from './git/git-stage.ts';
import { gitStatus } from './git/git-status.ts';
import { gitSwitch } from './git/git-switch.ts';
import { modelTools } from './models/family.ts';
import type { ToolFamily, ToolServices } from './services.ts';
import { getConfig } from './system/get-config.ts';
import { getVersion } from './system/get-version.ts';
import { healthCheck } from './system/health-check.ts';
import { listWorkspaces } from './system/list-workspaces.ts';
import { webTools } from './web/web-tools.ts';

/** The tools that need nothing but the call itself. A new one is a file and a line here. */
const PLAIN_TOOLS: readonly Tool[] = [
  readFile,
  readManyFiles,
  writeFile,
  editFile,
  listDirectory,
  findFiles,
  searchFiles,
  fileInfo,
  movePath,
  deletePath,
  createDirectory,
  gitStatus,
  gitDiff,
  gitLog,
  gitShow,
  gitBranches,
  gitCreateBranch,
  gitSwitch,
  gitStage,
  gitCommit,
  gitRestore,
  runCommand,
  healthCheck,
  getVersion,
  getConfig,
  listWorkspaces,
];

/** Families that hold something between calls: connections, a browser. */
const FAMILIES: readonly ((services: ToolServices) => ToolFamily)[] = [
  webTools,
  browserTools,
  databaseTools,
  modelTools,
];

/** Every tool that Fastband brings, in the order that clients see them. */
export function builtInTools(services: ToolServices): Required<ToolFamily> {
  const families = FAMILIES.map((family) => family(services));
  return {
    tools: [...PLAIN_TOOLS, ...families.flatMap((family) => family.tools)],
    close: async () => {
      await Promise.allSettled(families.map((family) => family.close?.()));
    },
  };
}
