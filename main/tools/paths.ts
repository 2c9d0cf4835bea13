import type { PlanContext } from '../core/tool.ts';
import { type ResolvedPath, resolvePath } from '../guard/path.ts';

/** The path guard with a call's own workspaces. @throws FastbandError as `resolvePath` does */
export function resolveFor(
  context: PlanContext,
  path: string,
  intent: 'read' | 'write',
  options: { readonly followLast?: boolean } = {},
): Promise<ResolvedPath> {
  return resolvePath(path, { workspaces: context.workspaces, intent, home: context.ports.home, ...options });
}

/** A workspace-relative path one level down. */
export function childPath(folder: string, name: string): string {
  return folder === '.' ? name : `${folder}/${name}`;
}
