import { join, relative, sep } from 'node:path';
import type { Workspace } from '../../contract/entities.ts';
import { homePlaces, isOwn } from '../guard/fs-home.ts';
import { holds } from '../guard/fs-names.ts';

type Visible = (workspace: string, path: string) => boolean;

/**
 * What may be shown of what a walk, a search or git comes by in a workspace: what the rules let be read, in every
 * workspace that it lies in, or one folder would undo the other's rules. Of Fastband's own folder nothing, whatever
 * the rules say.
 *
 * @param allowed - the rules' word on a path by itself
 */
export function visibility(workspaces: readonly Workspace[], home: string, allowed: Visible): Visible {
  const known = new Map<string, (path: string) => boolean>();
  return (workspace, path) => {
    let one = known.get(workspace);
    if (one === undefined) {
      one = within(workspace);
      known.set(workspace, one);
    }
    return one(path);
  };

  function within(name: string): (path: string) => boolean {
    const root = workspaces.find((one) => one.name === name)?.root;
    if (root === undefined) return () => false;
    const inner = workspaces.filter((one) => one.root !== root && holds(root, one.root));
    // Most workspaces hold neither: a path is then judged by the rules alone.
    const holdsOwn = homePlaces(home).some((place) => holds(root, place) || holds(place, root));
    return (path) => {
      if (!allowed(name, path)) return false;
      if (inner.length === 0 && !holdsOwn) return true;
      const absolute = join(root, path);
      if (holdsOwn && isOwn(absolute, home)) return false;
      return inner.every(
        (one) => !holds(one.root, absolute) || allowed(one.name, pathIn(one.root, absolute)),
      );
    };
  }
}

function pathIn(root: string, absolute: string): string {
  return absolute === root ? '.' : relative(root, absolute).split(sep).join('/');
}
