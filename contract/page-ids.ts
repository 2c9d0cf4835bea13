/** Pages of the panel, in the rail's order. A `fastband://` link may name any. */
export const PAGE_IDS = [
  'overview',
  'approvals',
  'activity',
  'rules',
  'tools',
  'clients',
  'workspaces',
  'gallery',
  'keys',
  'security',
  'settings',
] as const;
export type PageId = (typeof PAGE_IDS)[number];
