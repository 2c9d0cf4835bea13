import { z } from 'zod';
import type { ToolInfo } from '../../contract/entities.ts';
import { canonicalJson, sha256Hex } from '../core/canonical.ts';
import type { RegisteredTool } from '../core/dispatch.ts';
import { FastbandError } from '../core/errors.ts';
import type { Tool } from '../core/tool.ts';

type JsonSchema = { readonly [key: string]: unknown };

/** A tool with everything about it that can be worked out once. */
export interface ToolDefinition {
  readonly tool: Tool;
  readonly inputSchema: JsonSchema;
  readonly outputSchema: JsonSchema;
  /** SHA-256 (hex) over name, description, risk and schemas: what a person judged when they granted. */
  readonly hash: string;
  /** UTF-8 bytes of name, description and input schema. */
  readonly bytes: number;
}

/** The tools there are, fixed at start; which of them are on is looked up at each call. */
export class ToolRegistry {
  readonly #definitions = new Map<string, ToolDefinition>();
  readonly #off: () => ReadonlySet<string>;

  /**
   * @param off - names of the tools that are switched off now
   * @throws TypeError when two tools share a name
   */
  constructor(tools: readonly Tool[], off: () => ReadonlySet<string>) {
    this.#off = off;
    for (const tool of tools) {
      if (this.#definitions.has(tool.name)) throw new TypeError(`two tools are called ${tool.name}`);
      this.#definitions.set(tool.name, define(tool));
    }
  }

  get(name: string): RegisteredTool | undefined {
    const definition = this.#definitions.get(name);
    return definition === undefined
      ? undefined
      : { tool: definition.tool, hash: definition.hash, enabled: !this.#off().has(name) };
  }

  /** Every definition, by group and then in the order registered. */
  definitions(): readonly ToolDefinition[] {
    return [...this.#definitions.values()];
  }

  enabled(): readonly ToolDefinition[] {
    const off = this.#off();
    return this.definitions().filter((definition) => !off.has(definition.tool.name));
  }

  hashes(): ReadonlyMap<string, string> {
    return new Map(this.definitions().map((definition) => [definition.tool.name, definition.hash]));
  }

  /** @throws FastbandError `not_found` */
  info(name: string): ToolInfo {
    const definition = this.#definitions.get(name);
    if (definition === undefined) throw new FastbandError('not_found', `There is no tool "${name}".`);
    return this.#info(definition);
  }

  list(): ToolInfo[] {
    return this.definitions().map((definition) => this.#info(definition));
  }

  #info({ tool, hash, bytes, inputSchema }: ToolDefinition): ToolInfo {
    const { name, title, description, group, risk } = tool;
    return {
      name,
      title,
      description,
      group,
      risk,
      enabled: !this.#off().has(name),
      hash,
      bytes,
      inputSchema,
    };
  }
}

function define(tool: Tool): ToolDefinition {
  const inputSchema = jsonSchema(tool.input, 'input');
  const outputSchema = jsonSchema(tool.output, 'output');
  const { name, title, description, group, risk } = tool;
  return {
    tool,
    inputSchema,
    outputSchema,
    hash: sha256Hex(canonicalJson({ name, title, description, group, risk, inputSchema, outputSchema })),
    bytes: Buffer.byteLength(name + description + JSON.stringify(inputSchema)),
  };
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  // JSON Schema 2020-12 is the dialect that MCP assumes, so naming it would only cost the model's tokens.
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}
