import { join, sep } from 'node:path';
import type { PlanContext } from '../../core/tool.ts';
import { holds } from '../../guard/fs-names.ts';

/**
 * What a walk through a workspace may show this client, asked once for each path. Fastband's own folder is never
 * shown; what also lies in a workspace further in must be visible there too, or one folder would undo the other's rules.
 */
export function visibleIn(context: PlanContext, workspace: string): (path: string) => boolean {
  const root = context.workspaces.find((one) => one.name === workspace)?.root;
  if (root === undefined) return () => false;
  const { home } = context.ports;
  const inner = context.workspaces.filter((one) => one.root !== root && holds(root, one.root));
  const plain = inner.length === 0 && !holds(root, home);
  const known = new Map<string, boolean>();
  return (path) => {
    let answer = known.get(path);
    if (answer === undefined) {
      answer = context.visible(workspace, path) && (plain || visibleInside(join(root, path)));
      known.set(path, answer);
    }
    return answer;
  };

  function visibleInside(absolute: string): boolean {
    if (holds(home, absolute)) return false;
    return inner.every((one) => {
      if (!holds(one.root, absolute)) return true;
      const path =
        absolute === one.root
          ? '.'
          : absolute
              .slice(one.root.length + 1)
              .split(sep)
              .join('/');
      return context.visible(one.name, path);
    });
  }
}
