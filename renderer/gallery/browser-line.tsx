import { AppWindow, Download } from 'lucide-react';
import { useState } from 'react';
import type { BrowserState } from '../../contract/pictures.ts';
import { ask, errorText } from '../shared/host.ts';
import { useMessages } from '../shared/language.ts';
import { Button, Notice } from '../shared/parts.tsx';
import { Progress } from '../shared/progress.tsx';
import { renew, useChannel } from '../shared/query.ts';
import { hrefTo } from '../shared/route.ts';
import { useTask } from '../shared/task.ts';
import { toast } from '../shared/toast.tsx';
import styles from './gallery-page.module.css';

/** Which browser clients use, and how it is. */
export function BrowserLine() {
  const words = useMessages().gallery;
  const { data } = useChannel('browser.state', {});
  if (data === undefined) return <p className={styles.browser} />;
  if (data.state === 'missing') return <Missing browser={data} />;
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

/** How to get a browser, and one that Fastband fetches itself where it can. */
function Missing({ browser: { install, fetch } }: { readonly browser: BrowserState }) {
  const words = useMessages().gallery;
  const task = useTask();
  const [problem, setProblem] = useState<string>();
  const start = async () => {
    setProblem(undefined);
    try {
      const { name = '', version = '' } = await task.run((name) => ask('browser.fetch', { task: name }));
      toast.done(words.fetched(name, version));
    } catch (error) {
      setProblem(errorText(error));
    } finally {
      renew(['browser.', 'security.']);
    }
  };
  return (
    <>
      <Notice
        tone="warn"
        action={
          fetch !== undefined &&
          task.progress === undefined && (
            <Button icon={Download} onClick={() => void start()}>
              {words.fetch}
            </Button>
          )
        }
      >
        <strong>{words.missing}.</strong> {install}{' '}
        {fetch !== undefined && words.fetchText(fetch.version, fetch.from)}
      </Notice>
      <Progress task={task} label={words.fetching} />
      {problem !== undefined && <Notice tone="danger">{problem}</Notice>}
    </>
  );
}
