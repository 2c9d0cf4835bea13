import type { Tool } from '../../core/tool.ts';
import type { ToolFamily, ToolServices } from '../services.ts';
import { fetchUrl } from './fetch-url.ts';
import { httpRequest } from './http-request.ts';

/** Pages and HTTP requests, all through the one way out. */
export function webTools(services: Pick<ToolServices, 'net' | 'keys'>): ToolFamily {
  const fetching = fetchUrl(services.net);
  return {
    tools: [fetching.tool, httpRequest(services.net, services.keys)] as readonly Tool[],
    close: fetching.close,
  };
}
