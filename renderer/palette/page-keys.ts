import type { PageId } from '../../contract/page-ids.ts';

/**
 * What follows `g`. Neither A nor D: on the page of approvals those answer, and a person who is too slow between the
 * two keys must not have allowed anything.
 */
export const PAGE_KEYS: Readonly<Record<PageId, string>> = {
  overview: 'o',
  approvals: 'p',
  activity: 'l',
  rules: 'r',
  tools: 't',
  clients: 'c',
  workspaces: 'w',
  gallery: 'i',
  keys: 'k',
  security: 'h',
  settings: 's',
};
