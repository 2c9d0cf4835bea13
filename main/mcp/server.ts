import {
  type CallToolResult,
  type ListToolsResult,
  ProtocolError,
  ProtocolErrorCode,
  type ReadResourceResult,
  type Resource,
  ResourceNotFoundError,
  type ResourceTemplateType,
  Server,
  type ServerContext,
  type Tool as WireTool,
} from '@modelcontextprotocol/server';
import type { Caller, Dispatcher } from '../core/dispatch.ts';
import { FastbandError, toWireError } from '../core/errors.ts';
import type { Clock } from '../ports.ts';
import type { ToolDefinition, ToolRegistry } from '../tools/registry.ts';
import { hintsOf } from './annotations.ts';
import { pageOf } from './paging.ts';
import { progressReporter } from './progress.ts';

/** What a client may read by URI beside the tools. */
export interface ResourceProvider {
  list(caller: Caller): readonly Resource[];
  templates(): readonly ResourceTemplateType[];
  /** @returns undefined when the URI is not this provider's */
  read(uri: string, caller: Caller, signal: AbortSignal): Promise<ReadResourceResult> | undefined;
}

export interface McpDeps {
  readonly registry: ToolRegistry;
  readonly dispatcher: Dispatcher;
  readonly resources: readonly ResourceProvider[];
  /** Names of the tools that are switched off for one client alone. */
  readonly clientToolsOff: (id: string) => ReadonlySet<string>;
  readonly version: string;
  readonly clock: Clock;
}

const INSTRUCTIONS = [
  'Fastband lets you work on this machine under the eyes of its owner.',
  'Reading inside a workspace is answered at once. Changes, commits and commands may wait for a person to allow them: such a call stays open and reports progress, so give it several minutes and do not cancel it.',
  'If your call timed out, repeat it unchanged: it joins the question that is already waiting.',
  'If a call is denied, read the reason, do not repeat it or look for a way round, and ask your user.',
  'Paths are relative to the workspace; list_workspaces says which there are.',
].join(' ');

/**
 * Makes the SDK servers that connections are served by. All that does not depend on the connection (tool list,
 * schemas, capabilities) is worked out here, once.
 */
export class McpServerFactory {
  readonly #deps: McpDeps;
  readonly #wireTools: ReadonlyMap<string, WireTool>;
  readonly #outputSchemas: ReadonlyMap<string, ToolDefinition['outputSchema']>;

  constructor(deps: McpDeps) {
    this.#deps = deps;
    const definitions = deps.registry.definitions();
    this.#wireTools = new Map(definitions.map((one) => [one.tool.name, wireTool(one)]));
    const structured = definitions.filter((one) => one.tool.contentOnly !== true);
    this.#outputSchemas = new Map(structured.map((one) => [one.tool.name, one.outputSchema]));
  }

  /**
   * A low-level server for one connection or request of one client.
   *
   * @param revision - the one that it is to speak, where its transport does not come from the SDK's own entry
   */
  create(caller: Caller, revision?: string): Server {
    const { version } = this.#deps;
    const server = new Server(
      { name: 'fastband', title: 'Fastband', version },
      {
        capabilities: { tools: { listChanged: true }, resources: { listChanged: true } },
        instructions: INSTRUCTIONS,
        ...(revision === undefined ? {} : { supportedProtocolVersions: [revision] }),
      },
    );
    server.setRequestHandler('tools/list', (request) => this.#listTools(caller, request.params?.cursor));
    server.setRequestHandler('tools/call', (request, context) =>
      this.#callTool(server, caller, request.params.name, request.params.arguments, context),
    );
    server.setRequestHandler('resources/list', (request) => {
      const all = this.#deps.resources.flatMap((provider) => provider.list(caller));
      const { items, next } = pageOf(all, request.params?.cursor);
      return { resources: items, ...next };
    });
    server.setRequestHandler('resources/templates/list', (request) => {
      const all = this.#deps.resources.flatMap((provider) => provider.templates());
      const { items, next } = pageOf(all, request.params?.cursor);
      return { resourceTemplates: items, ...next };
    });
    server.setRequestHandler('resources/read', (request, context) =>
      this.#readResource(request.params.uri, caller, context.mcpReq.signal),
    );
    return server;
  }

  /** Whether a call of this tool may have to wait for a person, so that its answer should stream from the start. */
  mayWait(tool: string): boolean {
    const risk = this.#deps.registry.get(tool)?.tool.risk;
    return risk !== undefined && risk !== 'read';
  }

  #listTools(caller: Caller, cursor: string | undefined): ListToolsResult {
    const off = this.#deps.clientToolsOff(caller.id);
    const tools: WireTool[] = [];
    for (const { tool } of this.#deps.registry.enabled()) {
      const wire = this.#wireTools.get(tool.name);
      if (wire !== undefined && !off.has(tool.name)) tools.push(wire);
    }
    const { items, next } = pageOf(tools, cursor);
    return { tools: items, ...next };
  }

  async #callTool(
    server: Server,
    caller: Caller,
    name: string,
    input: unknown,
    context: ServerContext,
  ): Promise<CallToolResult> {
    const { dispatcher, registry, clock } = this.#deps;
    const progress = progressReporter(context, clock);
    try {
      const result = await dispatcher.call({
        client: caller,
        tool: name,
        input: input ?? {},
        signal: context.mcpReq.signal,
        ...(progress === undefined ? {} : { progress: progress.report }),
      });
      await progress?.flush();
      return server.projectCallToolResult(
        {
          content: result.content.map((one) => ({ ...one })),
          ...(this.#outputSchemas.has(name)
            ? { structuredContent: result.output as Record<string, unknown> }
            : {}),
          _meta: { 'fastband/callId': result.callId },
        },
        this.#outputSchemas.get(name),
      );
    } catch (error) {
      // A name that does not exist is the protocol's error; all else the model should read and act on.
      if (registry.get(name) === undefined)
        throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${name.slice(0, 100)}`);
      return errorResult(error);
    }
  }

  async #readResource(uri: string, caller: Caller, signal: AbortSignal): Promise<ReadResourceResult> {
    for (const provider of this.#deps.resources) {
      const answer = provider.read(uri, caller, signal);
      if (answer === undefined) continue;
      try {
        return await answer;
      } catch (error) {
        const { code, message } = toWireError(error);
        if (code === 'not_found') throw new ResourceNotFoundError(uri, message);
        throw new ProtocolError(
          code === 'internal' ? ProtocolErrorCode.InternalError : ProtocolErrorCode.InvalidParams,
          message,
          { code },
        );
      }
    }
    throw new ResourceNotFoundError(uri);
  }
}

function errorResult(error: unknown): CallToolResult {
  const { code, message } = toWireError(error);
  return { isError: true, content: [{ type: 'text', text: message }], _meta: { 'fastband/code': code } };
}

function wireTool({ tool, inputSchema, outputSchema }: ToolDefinition): WireTool {
  if (inputSchema.type !== 'object' || outputSchema.type !== 'object') {
    throw new FastbandError('internal', `The schemas of ${tool.name} must be objects.`);
  }
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: { ...inputSchema, type: 'object' },
    ...(tool.contentOnly === true ? {} : { outputSchema: { ...outputSchema, type: 'object' } }),
    annotations: { title: tool.title, ...hintsOf(tool.risk) },
  };
}
