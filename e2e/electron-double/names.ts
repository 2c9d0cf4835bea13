/** Chromium loads no `app://` that it does not know, so pages live at an https origin that never leaves the double. */
const INSIDE = 'https://';
const SUFFIX = '.app-double';

/** `app://fastband/x` -> `https://fastband.app-double/x`. Other addresses stay. */
export function toInside(url: string): string {
  const parsed = URL.parse(url);
  if (parsed?.protocol !== 'app:') return url;
  return `${INSIDE}${parsed.host}${SUFFIX}${parsed.pathname}${parsed.search}${parsed.hash}`;
}

/** The way back. */
export function toOutside(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || parsed.protocol !== 'https:' || !parsed.host.endsWith(SUFFIX)) return url;
  return `app://${parsed.host.slice(0, -SUFFIX.length)}${parsed.pathname}${parsed.search}${parsed.hash}`;
}
