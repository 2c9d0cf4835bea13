const NAME = 'fastband-page-key';

let made: string | undefined;

/**
 * The key that this panel's page holds beside its session cookie. Browsers send cookies to every port of a host, so
 * another server on this machine may see the cookie; storage is kept for each origin, port included, so it never sees
 * this key, and the cookie is worth nothing without it.
 */
export function pageKey(): string {
  made ??= stored() ?? make();
  return made;
}

function stored(): string | undefined {
  try {
    return localStorage.getItem(NAME) ?? undefined;
  } catch {
    // Storage is blocked: the key lives as long as the page, and after a reload a new link is needed.
    return undefined;
  }
}

function make(): string {
  const key = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))));
  try {
    localStorage.setItem(NAME, key);
  } catch {
    // As above.
  }
  return key;
}
