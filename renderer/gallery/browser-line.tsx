import { AppWindow } from 'lucide-react';
import { useMessages } from '../shared/language.ts';
import { Notice } from '../shared/parts.tsx';
import { useChannel } from '../shared/query.ts';
import { hrefTo } from '../shared/route.ts';
import styles from './gallery-page.module.css';

/** Which browser clients use, and how it is. */
export function BrowserLine() {
  const words = useMessages().gallery;
  const { data } = useChannel('browser.state', {});
  if (data === undefined) return <p className={styles.browser} />;
  if (data.state === 'missing')
    return (
      <Notice tone="warn">
        <strong>{words.missing}.</strong> {data.install}
      </Notice>
    );
  return (
    <>
      {data.problem !== undefined && <Notice tone="warn">{data.problem}</Notice>}
      <p className={styles.browser}>
        <AppWindow size={14} aria-hidden="true" />
        <span title={data.path}>
          {words.browser}: {words.browserIs(data.name ?? '', data.version ?? '')}
        </span>
        <span>{data.state === 'running' ? words.running : words.ready}</span>
        <span>{data.sandbox ? words.sandboxOn : words.sandboxOff}</span>
        {data.sessions > 0 && <span>{words.sessions(data.sessions)}</span>}
        <a href={hrefTo('settings', { section: 'gallery' })}>{words.retention}</a>
      </p>
    </>
  );
}
