import { SUPPORTED_PROTOCOL_VERSIONS } from '@modelcontextprotocol/server';

/** The revisions of MCP that clients may speak, newest first. */
export const REVISIONS: readonly string[] = [
  ...new Set(['2026-07-28', ...[...SUPPORTED_PROTOCOL_VERSIONS].sort().reverse()]),
];
