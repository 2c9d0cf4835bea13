import { PAGE_IDS } from '../../contract/page-ids.ts';

/**
 * The page that a `fastband://` link opens, as the panel's own address; empty for anything else. A link comes from
 * anywhere, so it opens a page and never does anything.
 */
export function pageOfLink(link: string | undefined): string {
  const url = link === undefined ? null : URL.parse(link);
  if (url === null || url.protocol !== 'fastband:') return '';
  const page = url.host || url.pathname.replace(/^\/+/, '');
  return (PAGE_IDS as readonly string[]).includes(page) ? `#/${page}` : '';
}

/** The page of the link among a program's arguments. Chromium may put its own behind it, so any place will do. */
export function pageOfArguments(argv: readonly string[]): string {
  return pageOfLink(argv.findLast((one) => one.startsWith('fastband:')));
}
