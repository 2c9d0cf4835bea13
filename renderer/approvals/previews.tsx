import type { Preview } from '../../contract/approvals.ts';
import { Shown } from '../shared/parts.tsx';
import { type DiffLine, diffLines } from './diff-lines.ts';
import styles from './previews.module.css';

/** What a person reads before they answer: exactly what would happen, nothing cut silently. */
export function PreviewView({ preview }: { preview: Preview }) {
  switch (preview.kind) {
    case 'diff':
      return <DiffPreview preview={preview} />;
    case 'command':
      return <CommandView preview={preview} />;
    case 'text':
      return (
        <figure className={styles.preview}>
          <figcaption className={styles.caption}>
            <Shown text={preview.title} />
            <Omitted lines={preview.omitted} />
          </figcaption>
          <pre className={styles.text}>
            <Shown text={preview.text} />
          </pre>
        </figure>
      );
  }
}

export function DiffPreview({ preview }: { preview: Extract<Preview, { kind: 'diff' }> }) {
  return (
    <figure className={styles.preview}>
      <figcaption className={styles.caption}>
        <code>
          <Shown text={preview.path} />
        </code>
        <Counts added={preview.added} removed={preview.removed} />
        <Omitted lines={preview.omitted} />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
      <section className={styles.diff} aria-label={`Changes in ${preview.path}`} tabIndex={0}>
        {diffLines(preview.diff).map((line, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the lines of one diff never move
          <Line key={at} line={line} />
        ))}
      </section>
    </figure>
  );
}

export function Counts({ added, removed }: { added: number; removed: number }) {
  return (
    <span className={styles.counts}>
      <span className={styles.plus}>+{added.toLocaleString()}</span>{' '}
      <span className={styles.minus}>−{removed.toLocaleString()}</span>
    </span>
  );
}

const SIGNS = { added: '+', removed: '−', same: '', hunk: '', note: '' } as const;

function Line({ line }: { line: DiffLine }) {
  if (line.kind === 'hunk' || line.kind === 'note') {
    return (
      <div className={styles[line.kind]}>
        <Shown text={line.kind === 'hunk' && line.text === '' ? '⋯' : line.text} />
      </div>
    );
  }
  return (
    <div className={`${styles.line} ${styles[line.kind]}`}>
      <span className={styles.number}>{line.old}</span>
      <span className={styles.number}>{line.new}</span>
      <span className={styles.sign}>{SIGNS[line.kind]}</span>
      <span className={styles.content}>
        <Shown text={line.text} />
      </span>
    </div>
  );
}

function CommandView({ preview }: { preview: Extract<Preview, { kind: 'command' }> }) {
  return (
    <figure className={styles.preview}>
      <figcaption className={styles.caption}>Command, one box for each argument</figcaption>
      <div className={styles.argv}>
        {preview.argv.map((argument, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: arguments are what they are by their place
          <code key={at} className={styles.argument}>
            <Shown text={argument} />
          </code>
        ))}
      </div>
      <dl className={styles.facts}>
        <dt>In</dt>
        <dd>
          <code>
            <Shown text={preview.cwd} />
          </code>
        </dd>
        <dt>Program</dt>
        <dd>
          <code>
            <Shown text={preview.binary} />
          </code>
        </dd>
        <dt>Gets from the environment</dt>
        <dd>{preview.env.length === 0 ? 'nothing' : <code>{preview.env.join(' ')}</code>}</dd>
        {preview.stdin !== undefined && (
          <>
            <dt>Input</dt>
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

function Omitted({ lines }: { lines: number }) {
  if (lines === 0) return null;
  return <span className={styles.omitted}>{lines.toLocaleString()} lines in the middle are not shown</span>;
}
