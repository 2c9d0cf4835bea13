import { access, constants, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { HealthCheck, Workspace, WorkspaceHealth } from '../contract/entities.ts';
import type { KeychainState } from '../contract/keys.ts';
import { inspectProjectPolicy } from './core/project-policy.ts';
import { DATABASE_FILE } from './store/home.ts';
import { keychainWords } from './vault/keychain.ts';
import { keychain as systemKeychain } from './vault/system-keychain.ts';

const MIB = 1024 * 1024;
/** Below this, the log may soon not be written, and every call is then refused. */
const LOW_DISK = 512 * MIB;
const NO_DISK = 64 * MIB;
const KEYCHAIN_FOR_MS = 60_000;

export interface HealthFacts {
  readonly home: string;
  readonly auditOk: boolean;
  readonly running: boolean;
  readonly port: number;
}

/** A keychain may take seconds to say no: it is asked once a minute at most. */
let keychain: { at: number; state: Promise<KeychainState> } | undefined;

/** How what Fastband stands on is now. */
export async function examineHealth(
  facts: HealthFacts,
  probe: () => Promise<KeychainState> = () => systemKeychain.probe(),
): Promise<HealthCheck[]> {
  const now = performance.now();
  if (keychain === undefined || now - keychain.at > KEYCHAIN_FOR_MS) keychain = { at: now, state: probe() };
  const [database, disk, keys] = await Promise.all([
    examineDatabase(facts),
    examineDisk(facts.home),
    keychain.state,
  ]);
  return [
    database,
    keys === 'working'
      ? { id: 'keychain', state: 'ok' }
      : { id: 'keychain', state: 'warn', problem: problemOf(keys) },
    facts.running
      ? { id: 'port', state: 'ok' }
      : {
          id: 'port',
          state: 'warn',
          problem: `The server is off. No client can reach port ${facts.port} until you start it.`,
        },
    disk,
  ];
}

function problemOf(state: Exclude<KeychainState, 'working'>): string {
  const { problem, command } = keychainWords(state);
  return command === undefined ? problem : `${problem} Run: ${command}`;
}

async function examineDatabase({ home, auditOk }: HealthFacts): Promise<HealthCheck> {
  const sizes = await Promise.all(
    [DATABASE_FILE, `${DATABASE_FILE}-wal`].map((name) =>
      stat(join(home, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  const usedBytes = sizes.reduce((sum, size) => sum + size, 0);
  if (auditOk) return { id: 'database', state: 'ok', usedBytes };
  return {
    id: 'database',
    state: 'bad',
    usedBytes,
    problem: `The activity log in ${home} cannot be written, so calls are refused. Free disk space and check the folder’s permissions.`,
  };
}

async function examineDisk(home: string): Promise<HealthCheck> {
  try {
    const { bavail, bsize } = await statfs(home);
    const freeBytes = bavail * bsize;
    if (freeBytes >= LOW_DISK) return { id: 'disk', state: 'ok', freeBytes };
    return {
      id: 'disk',
      state: freeBytes < NO_DISK ? 'bad' : 'warn',
      freeBytes,
      problem: `The disk that holds ${home} is nearly full. When nothing can be written, calls are refused: free some space.`,
    };
  } catch {
    return { id: 'disk', state: 'warn', problem: `How full the disk of ${home} is could not be read.` };
  }
}

/** How the folders of all workspaces are now. */
export function inspectWorkspaces(workspaces: readonly Workspace[]): Promise<WorkspaceHealth[]> {
  return Promise.all(
    workspaces.map(async (workspace): Promise<WorkspaceHealth> => {
      const [folder, git, policy] = await Promise.all([
        folderState(workspace.root),
        access(join(workspace.root, '.git')).then(
          () => true,
          () => false,
        ),
        inspectProjectPolicy(workspace),
      ]);
      return { name: workspace.name, folder, git, policy };
    }),
  );
}

async function folderState(root: string): Promise<WorkspaceHealth['folder']> {
  try {
    if (!(await stat(root)).isDirectory()) return 'missing';
  } catch {
    return 'missing';
  }
  const may = (mode: number) =>
    access(root, mode).then(
      () => true,
      () => false,
    );
  if (!(await may(constants.R_OK | constants.X_OK))) return 'closed';
  return (await may(constants.W_OK)) ? 'ok' : 'fixed';
}
