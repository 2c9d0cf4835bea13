import type { ToolInfo } from '../../contract/entities.ts';

/** Bytes of English and JSON that make one token, as the usual tokenizers go. */
const BYTES_PER_TOKEN = 4;

/** About how many tokens a model reads to know of a tool, in each conversation. */
export function tokensOf({ bytes }: Pick<ToolInfo, 'bytes'>): number {
  return Math.round(bytes / BYTES_PER_TOKEN);
}
