import { z } from 'zod';
import { showLine } from '../../contract/display.ts';
import { useMessages } from '../shared/language.ts';
import { Shown } from '../shared/parts.tsx';
import styles from './answer-table.module.css';

const Answer = z.object({
  columns: z.array(z.object({ name: z.string(), type: z.string().nullable() })).min(1),
  rows: z.array(z.array(z.unknown())),
  more: z.boolean(),
  shortened: z.number(),
});
type Answer = z.infer<typeof Answer>;

/** The rows of a database in a tool's answer; undefined when it is something else. */
export function rowsIn(text: string): Answer | undefined {
  if (!text.startsWith('{"columns":')) return undefined;
  try {
    return Answer.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Rows of a database, as a table. */
export function AnswerTable({ answer }: { readonly answer: Answer }) {
  const words = useMessages().tools;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys */}
      <section className={styles.box} tabIndex={0} aria-label={words.rows(answer.rows.length)}>
        <table className={styles.table}>
          <thead>
            <tr>
              {answer.columns.map(({ name, type }, at) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: two columns may have one name; they stay where they are
                <th key={`${at} ${name}`} scope="col" title={type ?? undefined}>
                  <Shown text={showLine(name)} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {answer.rows.map((row, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows have no name of their own; they stay where they are
              <tr key={`row ${at + 1}`}>
                {row.map((cell, column) => (
                  <td
                    key={answer.columns[column]?.name ?? column}
                    data-kind={cell === null ? 'null' : typeof cell}
                  >
                    <Shown text={textOf(cell)} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <p className={styles.note}>
        {words.rows(answer.rows.length)}
        {answer.more && ` · ${words.moreRows}`}
        {answer.shortened > 0 && ` · ${words.shortened(answer.shortened)}`}
      </p>
    </>
  );
}

function textOf(cell: unknown): string {
  if (cell === null) return 'NULL';
  return showLine(typeof cell === 'string' ? cell : JSON.stringify(cell));
}
