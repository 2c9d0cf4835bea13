import type { Workspace } from '../../contract/entities.ts';
import type { Caller, Dispatcher } from '../core/dispatch.ts';
import { FastbandError } from '../core/errors.ts';
import type { ResourceProvider } from './server.ts';

const SCHEME = 'workspace:';

/**
 * Workspaces and their files as resources: `workspace://shop/` lists, `workspace://shop/src/cart.ts` reads.
 * Both go through the same door as the tools `list_directory` and `read_file`: same policy, same audit.
 */
export function workspaceResources(
  dispatcher: Dispatcher,
  workspaces: () => readonly Workspace[],
): ResourceProvider {
  return {
    list: () =>
      workspaces().map(({ name, readOnly }) => ({
        uri: `${SCHEME}//${name}/`,
        name,
        description: `The workspace ${name}${readOnly ? ' (read only)' : ''}`,
        mimeType: 'application/json',
      })),
    templates: () => [
      {
        uriTemplate: `${SCHEME}//{workspace}/{+path}`,
        name: 'file',
        title: 'File in a workspace',
        description: 'A file by its path in the workspace',
      },
    ],
    read(uri, caller, signal) {
      if (!uri.startsWith(`${SCHEME}//`)) return undefined;
      return readWorkspaceUri(uri, { caller, signal, dispatcher, workspaces: workspaces() });
    },
  };
}

async function readWorkspaceUri(
  uri: string,
  at: { caller: Caller; signal: AbortSignal; dispatcher: Dispatcher; workspaces: readonly Workspace[] },
) {
  const [name, ...rest] = uri.slice(`${SCHEME}//`.length).split('/');
  const workspace = at.workspaces.find((one) => one.name === name);
  if (workspace === undefined) throw new FastbandError('not_found', 'There is no such workspace.');
  const path = decodePath(rest.join('/'));
  // An absolute path leaves nothing to the number of workspaces there are; the path guard judges it like any other.
  const absolute = path === '' ? workspace.root : `${workspace.root}/${path}`;
  const tool = path === '' || path.endsWith('/') ? 'list_directory' : 'read_file';
  const result = await at.dispatcher.call({
    client: at.caller,
    tool,
    input: { path: absolute },
    signal: at.signal,
  });
  const [first] = result.content;
  if (first?.type === 'image') return { contents: [{ uri, mimeType: first.mimeType, blob: first.data }] };
  return { contents: [{ uri, mimeType: 'text/plain', text: first?.type === 'text' ? first.text : '' }] };
}

function decodePath(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new FastbandError('invalid_input', 'The path in this URI is not well encoded.');
  }
}
