import type { Tool } from '../core/tool.ts';

/** Ties a tool's schemas and its functions together; the types of `plan` and `run` follow from the schemas. */
export function defineTool<I, D, O>(tool: Tool<I, D, O>): Tool<I, D, O> {
  return Object.freeze(tool);
}
