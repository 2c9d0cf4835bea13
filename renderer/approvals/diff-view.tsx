import { Fragment, type ReactNode, useEffect, useMemo, useState } from 'react';
import type { Preview } from '../../contract/approvals.ts';
import type { Messages } from '../messages/en.ts';
import { useFormat } from '../shared/format.ts';
import { useMessages } from '../shared/language.ts';
import { Shown } from '../shared/parts.tsx';
import { type DiffLine, diffLines, pairLines } from './diff-lines.ts';
import type { Token } from './highlight.ts';
import styles from './previews.module.css';
import syntax from './syntax.module.css';

type Diff = Extract<Preview, { kind: 'diff' }>;

const KEPT = 'fastband.diff';
/** Longer than this, a diff is read without colours sooner than with them. */
const MAX_COLOURED = 3000;

/** What a diff is of: its file, or how many files. */
export function diffName({ path, files }: Diff, { titles }: Messages['said']): string {
  return files === undefined ? path : titles.files(files);
}

/** What would change in a file: one below the other, or side by side. */
export function DiffPreview({ preview }: { readonly preview: Diff }) {
  const { approvals: m, said } = useMessages();
  const name = diffName(preview, said);
  const lines = useMemo(() => diffLines(preview.diff), [preview.diff]);
  const tokens = useTokens(preview.path, lines);
  const [split, setSplit] = useState(() => recall() === 'split');
  const turn = (next: boolean) => {
    setSplit(next);
    try {
      localStorage.setItem(KEPT, next ? 'split' : 'unified');
    } catch {
      // Storage is off in this browser: it holds for this diff.
    }
  };
  const content = (at: number, line: DiffLine): ReactNode => <Content line={line} tokens={tokens?.[at]} />;
  return (
    <figure className={styles.preview}>
      <figcaption className={styles.caption}>
        <code>
          <Shown text={name} />
        </code>
        <Counts added={preview.added} removed={preview.removed} />
        <Omitted lines={preview.omitted} />
        <label className={styles.split}>
          <input type="checkbox" checked={split} onChange={(event) => turn(event.target.checked)} />
          {m.sideBySide}
        </label>
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
      <section className={styles.diff} aria-label={m.changesIn(name)} tabIndex={0}>
        {split
          ? pairLines(lines).map(([left, right], row) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the lines of one diff never move
              <Fragment key={row}>
                {noteAt(lines, left) ?? (
                  <div className={styles.pair}>
                    <Side lines={lines} at={left} side="old" content={content} />
                    <Side lines={lines} at={right} side="new" content={content} />
                  </div>
                )}
              </Fragment>
            ))
          : lines.map((line, at) =>
              isNote(line) ? (
                // biome-ignore lint/suspicious/noArrayIndexKey: as above
                <Note key={at} line={line} />
              ) : (
                // biome-ignore lint/suspicious/noArrayIndexKey: as above
                <div key={at} className={`${styles.line} ${styles[line.kind] ?? ''}`}>
                  <span className={styles.number}>{line.old}</span>
                  <span className={styles.number}>{line.new}</span>
                  <span className={styles.sign}>{SIGNS[line.kind]}</span>
                  {content(at, line)}
                </div>
              ),
            )}
      </section>
    </figure>
  );
}

const SIGNS = { added: '+', removed: '−', same: '', hunk: '', note: '' } as const;

function noteAt(lines: readonly DiffLine[], at: number | undefined): ReactNode {
  const line = at === undefined ? undefined : lines[at];
  return line !== undefined && isNote(line) ? <Note line={line} /> : undefined;
}

function isNote(line: DiffLine): boolean {
  return line.kind === 'hunk' || line.kind === 'note';
}

function Note({ line }: { line: DiffLine }) {
  return (
    <div className={styles[line.kind]}>
      <Shown text={line.kind === 'hunk' && line.text === '' ? '⋯' : line.text} />
    </div>
  );
}

function Side({
  lines,
  at,
  side,
  content,
}: {
  lines: readonly DiffLine[];
  at: number | undefined;
  side: 'old' | 'new';
  content: (at: number, line: DiffLine) => ReactNode;
}) {
  const line = at === undefined ? undefined : lines[at];
  if (at === undefined || line === undefined) return <div className={styles.blank} />;
  return (
    <div className={`${styles.half} ${styles[line.kind] ?? ''}`}>
      <span className={styles.number}>{line[side]}</span>
      <span className={styles.sign}>{SIGNS[line.kind]}</span>
      {content(at, line)}
    </div>
  );
}

function Content({ line, tokens }: { line: DiffLine; tokens: readonly Token[] | undefined }) {
  if (tokens === undefined)
    return (
      <span className={styles.content}>
        <Shown text={line.text} />
      </span>
    );
  return (
    <span className={styles.content}>
      {tokens.map((token, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the tokens of one line never move
        <span key={at} className={token.kind === undefined ? undefined : syntax[token.kind]}>
          <Shown text={token.text} />
        </span>
      ))}
    </span>
  );
}

/** The words of each line in the colours of its language, once that part of the panel has come. */
function useTokens(
  path: string,
  lines: readonly DiffLine[],
): readonly (readonly Token[] | undefined)[] | undefined {
  const [tokens, setTokens] = useState<readonly (readonly Token[] | undefined)[]>();
  useEffect(() => {
    let gone = false;
    setTokens(undefined);
    if (lines.length > MAX_COLOURED) return;
    void import('./highlight.ts').then(
      ({ languageOf, tokenLines }) => {
        const language = languageOf(path);
        if (gone || language === undefined) return;
        // Old and new are two texts: a quotation that one of them opens must not run on into the other.
        const found: (readonly Token[] | undefined)[] = [];
        for (const kinds of [
          ['removed', 'same'],
          ['added', 'same'],
        ]) {
          const places = lines.flatMap((line, at) => (kinds.includes(line.kind) ? [at] : []));
          const read = tokenLines(
            language,
            places.map((at) => lines[at]?.text ?? ''),
          );
          places.forEach((at, row) => {
            found[at] = read[row];
          });
        }
        setTokens(found);
      },
      // Without its colours, a diff can be read as well.
      () => {},
    );
    return () => {
      gone = true;
    };
  }, [path, lines]);
  return tokens;
}

export function Counts({ added, removed }: { readonly added: number; readonly removed: number }) {
  const { number } = useFormat();
  return (
    <span className={styles.counts}>
      <span className={styles.plus}>+{number(added)}</span>{' '}
      <span className={styles.minus}>−{number(removed)}</span>
    </span>
  );
}

export function Omitted({ lines }: { readonly lines: number }) {
  const m = useMessages().approvals;
  if (lines === 0) return null;
  return <span className={styles.omitted}>{m.omitted(lines)}</span>;
}

function recall(): string | null {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}
