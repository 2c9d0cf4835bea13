import type { PlanContext } from '../../core/tool.ts';

/** What a walk through a workspace may show this client, asked once for each path. */
export function visibleIn(context: PlanContext, workspace: string): (path: string) => boolean {
  const known = new Map<string, boolean>();
  return (path) => {
    let answer = known.get(path);
    if (answer === undefined) {
      answer = context.visible(workspace, path);
      known.set(path, answer);
    }
    return answer;
  };
}
