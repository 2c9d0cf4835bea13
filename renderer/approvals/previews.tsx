import type { Preview } from '../../contract/approvals.ts';
import { previewTitleText } from '../../contract/sentences.ts';
import { useMessages } from '../shared/language.ts';
import { Shown } from '../shared/parts.tsx';
import { DiffPreview, Omitted } from './diff-view.tsx';
import styles from './previews.module.css';

/** What a person reads before they answer: exactly what would happen, nothing cut silently. */
export function PreviewView({ preview }: { preview: Preview }) {
  const m = useMessages();
  switch (preview.kind) {
    case 'diff':
      return <DiffPreview preview={preview} />;
    case 'command':
      return <CommandView preview={preview} />;
    case 'text':
      return (
        <figure className={styles.preview}>
          <figcaption className={styles.caption}>
            <Shown text={previewTitleText(preview.title, m.said)} />
            <Omitted lines={preview.omitted} />
          </figcaption>
          <pre className={styles.text}>
            <Shown text={preview.text} />
          </pre>
        </figure>
      );
  }
}

function CommandView({ preview }: { preview: Extract<Preview, { kind: 'command' }> }) {
  const m = useMessages().approvals;
  return (
    <figure className={styles.preview}>
      <figcaption className={styles.caption}>{m.command}</figcaption>
      <div className={styles.argv}>
        {preview.argv.map((argument, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: arguments are what they are by their place
          <code key={at} className={styles.argument}>
            <Shown text={argument} />
          </code>
        ))}
      </div>
      <dl className={styles.facts}>
        <dt>{m.commandIn}</dt>
        <dd>
          <code>
            <Shown text={preview.cwd} />
          </code>
        </dd>
        <dt>{m.program}</dt>
        <dd>
          <code>
            <Shown text={preview.binary} />
          </code>
        </dd>
        <dt>{m.environment}</dt>
        <dd>{preview.env.length === 0 ? m.nothingOf : <code>{preview.env.join(' ')}</code>}</dd>
        {preview.stdin !== undefined && (
          <>
            <dt>{m.stdin}</dt>
            <dd>
              <pre className={styles.text}>
                <Shown text={preview.stdin} />
              </pre>
            </dd>
          </>
        )}
      </dl>
    </figure>
  );
}
