/** Pages, in the rail's order. */
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
