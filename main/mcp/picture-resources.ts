import type { Gallery } from '../core/gallery.ts';
import type { ResourceProvider } from './server.ts';

const PREFIX = 'fastband://pictures/';
/** As many as a client is told of; older ones can be read by their id all the same. */
const LISTED = 50;

/** The pictures that a client's own calls made: `fastband://pictures/ID`, whole. Another client's are not there. */
export function pictureResources(gallery: Pick<Gallery, 'ofClient' | 'read'>): ResourceProvider {
  return {
    list: (caller) =>
      gallery.ofClient(caller.id, LISTED).map(({ id, tool, width, height, type, bytes }) => ({
        uri: `${PREFIX}${id}`,
        name: id,
        // No words of the page: they would be read as ours.
        description: `A picture by ${tool}, ${width}×${height}`,
        mimeType: type,
        size: bytes,
      })),
    templates: () => [
      {
        uriTemplate: `${PREFIX}{id}`,
        name: 'picture',
        title: 'Picture',
        description: 'A picture of yours by its id',
      },
    ],
    read(uri, caller) {
      if (!uri.startsWith(PREFIX)) return undefined;
      return gallery.read(uri.slice(PREFIX.length), caller.id).then(({ info, data }) => ({
        contents: [{ uri, mimeType: info.type, blob: data.toString('base64') }],
      }));
    },
  };
}
