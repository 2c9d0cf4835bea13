import { FastbandError } from '../../core/errors.ts';
import type { Target } from '../../guard/url.ts';
import { plainHost } from '../../guard/url.ts';
import type { Keys } from '../../vault/keys.ts';

/**
 * Whether a secret may go to a target: `api.example.com` on the scheme's own port, `*.example.com` for any name below
 * it, `host:port` for that port.
 */
export function isBound(hosts: readonly string[], { host, port, url }: Target): boolean {
  const usual = url.protocol === 'https:' ? 443 : 80;
  return hosts.some((entry) => {
    const [, name = '', ownPort] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(entry.trim()) ?? [];
    if (name === '' || (ownPort === undefined ? usual : Number(ownPort)) !== port) return false;
    const bound = plainHost(name);
    if (!bound.startsWith('*.')) return bound === host;
    const suffix = bound.slice(1);
    return suffix.length > 2 && host.endsWith(suffix) && host.length > suffix.length;
  });
}

/**
 * Refuses what would send a secret where it does not belong.
 *
 * @throws FastbandError `key_missing`, `url_refused`
 */
export async function checkBindings(names: readonly string[], target: Target, keys: Keys): Promise<void> {
  for (const name of names) {
    const info = await keys.info(`secret:${name}`);
    if (info === undefined)
      throw new FastbandError(
        'key_missing',
        `There is no secret ${name}. A person can add it in Fastband: Keys.`,
      );
    if (!isBound(info.hosts, target))
      throw new FastbandError(
        'url_refused',
        `The secret ${name} may not be sent to ${target.host}:${target.port}. A person sets its hosts in Fastband: Keys.`,
      );
    if (target.url.protocol !== 'https:' && !target.allowedByPerson)
      throw new FastbandError(
        'url_refused',
        `The secret ${name} is sent over https only: without it, everyone on the way could read it.`,
      );
  }
}
