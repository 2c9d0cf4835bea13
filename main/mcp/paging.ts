import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';

export const PAGE_SIZE = 100;

/**
 * One page of a list. The cursor is opaque to clients: the base64url of the index to go on from.
 *
 * @throws ProtocolError -32602 for a cursor that this server did not give out
 */
export function pageOf<T>(
  all: readonly T[],
  cursor: string | undefined,
): { items: T[]; next: { nextCursor?: string } } {
  const start = cursor === undefined ? 0 : decode(cursor);
  if (!Number.isInteger(start) || start < 0 || (start > 0 && start >= all.length)) {
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'Unknown cursor. Start again without one.');
  }
  const end = start + PAGE_SIZE;
  return { items: all.slice(start, end), next: end < all.length ? { nextCursor: encode(end) } : {} };
}

function encode(index: number): string {
  return Buffer.from(`at ${index}`).toString('base64url');
}

function decode(cursor: string): number {
  const text = Buffer.from(cursor.slice(0, 64), 'base64url').toString('latin1');
  return /^at \d{1,9}$/.test(text) ? Number(text.slice(3)) : Number.NaN;
}
