import { FastbandError } from '../core/errors.ts';

/** One line of a compiled SQLite program, as `EXPLAIN` lists it; triggers' programs are in the list too. */
export interface Instruction {
  readonly opcode: string;
  readonly p1: number | bigint;
  readonly p2: number | bigint;
  readonly p4: string | null;
}

export type Access = 'read' | 'write';

/** What compiles into the same program as a question would, and still reaches out of the database. */
const REFUSED_FUNCTIONS = new Set([
  'sqlite_attach',
  'sqlite_detach',
  'load_extension',
  'fts3_tokenizer',
  'sqlite_log',
  'edit',
  'readfile',
  'writefile',
]);

/**
 * Instructions of SQLite's virtual machine that compute, read tables, or use tables of their own for sorting.
 * Source: the opcodes of SQLite 3.54. One that is not known here is refused.
 */
const READING = new Set(
  `Abortable Add AddImm Affinity AggFinal AggInverse AggStep AggStep1 AggValue And BeginSubrtn BitAnd BitNot BitOr Blob
  Cast Close ClrSubtype CollSeq Column ColumnsUsed Compare Concat Copy Count CursorHint CursorLock CursorUnlock
  DecrJumpZero DeferredSeek Delete Divide ElseEq EndCoroutine Eq Explain Filter FilterAdd FinishSeek Found Function Ge
  GetSubtype Gosub Goto Gt Halt HaltIfNull IFindKey IdxDelete IdxGE IdxGT IdxInsert IdxLE IdxLT IdxRowid If IfEmpty
  IfNoHope IfNot IfNotZero IfNullRow IfPos IfSizeBetween Init InitCoroutine Insert Int64 IntCopy Integer IsNull IsTrue
  IsType Jump Last Le Lt MakeRecord MemMax Move Multiply MustBeInt Ne NewRowid Next NoConflict Noop Not NotExists
  NotFound NotNull Null NullRow Offset OffsetLimit Once OpenAutoindex OpenDup OpenEphemeral OpenPseudo OpenRead Or
  Permutation Prev PureFunc Real RealAffinity ReleaseReg Remainder ReopenIdx ResetSorter ResultRow Return Rewind
  RowCell RowData RowSetAdd RowSetRead RowSetTest Rowid SCopy SeekEnd SeekGE SeekGT SeekHit SeekLE SeekLT SeekRowid
  SeekScan Sequence SequenceTest SetSubtype ShiftLeft ShiftRight SoftNull Sort SorterCompare SorterData SorterInsert
  SorterNext SorterOpen SorterSort String String8 Subtract TableLock Trace Transaction TypeCheck VColumn VFilter VInitIn
  VNext VOpen Variable Yield ZeroOrNull`.split(/\s+/),
);

/** What a change of rows or tables needs besides. */
const CHANGING = new Set(
  `Clear CreateBtree Destroy DropIndex DropTable DropTrigger Expire FkCheck FkCounter FkIfZero LoadAnalysis OpenWrite Param
  ParseSchema Program ReadCookie ResetCount SetCookie VBegin VCheck VCreate VDestroy VRename VUpdate`.split(
    /\s+/,
  ),
);

/** At least one of these is in every program that changes something; a pragma that only sets a number has none. */
const MAKES_A_CHANGE = new Set([
  'Clear',
  'CreateBtree',
  'Delete',
  'Destroy',
  'IdxDelete',
  'IdxInsert',
  'Insert',
  'VCreate',
  'VDestroy',
  'VUpdate',
]);

/** Header fields that making a table sets: its schema's version, format and encoding. Others are a pragma's work. */
const SCHEMA_COOKIES = new Set([1, 2, 5]);

/**
 * Decides by the compiled program, never by the text, whether a statement of SQLite may run.
 *
 * @param access - `read`: it may change nothing. `write`: it must change rows or tables of the database itself
 * @throws FastbandError `query_refused`
 */
export function judgeProgram(program: readonly Instruction[], access: Access): void {
  if (program.length === 0) throw refused('There is no statement in it.');
  for (const { opcode, p2, p4 } of program) {
    if (opcode === 'Vacuum') throw refused('VACUUM writes whole files. Run it with a program of your own.');
    if (!READING.has(opcode) && !(access === 'write' && CHANGING.has(opcode)))
      throw refused(
        access === 'read'
          ? 'Only a question may be asked here: SELECT, VALUES or WITH. For a change, say write: true.'
          : 'Only a change of rows or tables may be made here: no pragmas, transactions or maintenance.',
      );
    if (access === 'read' && opcode === 'Transaction' && Number(p2) !== 0)
      throw refused('This changes the database. For a change, say write: true.');
    if (opcode === 'SetCookie' && !SCHEMA_COOKIES.has(Number(p2)))
      throw refused('A pragma that changes the file is not taken.');
    const called = /^([^(]+)\(-?\d+\)$/.exec(p4 ?? '')?.[1]?.toLowerCase();
    if (called !== undefined && REFUSED_FUNCTIONS.has(called))
      throw refused(
        called === 'sqlite_attach' || called === 'sqlite_detach'
          ? 'Another database cannot be attached. Each one is a question of its own.'
          : `The function ${called} reaches out of the database.`,
      );
  }
  if (access === 'read') return;
  const writes = program.some(
    ({ opcode, p1, p2 }) => opcode === 'Transaction' && Number(p1) === 0 && Number(p2) !== 0,
  );
  if (!writes || !program.some(({ opcode }) => MAKES_A_CHANGE.has(opcode)))
    throw refused('This changes no rows or tables. To ask a question, leave write out.');
}

/** Without the semicolon that many write at the end. A second statement is found, and refused, by the database. */
export function oneStatement(text: string): string {
  if (text.includes('\0')) throw refused('SQL cannot hold a null character.');
  return text.replace(/[\s;]+$/, '');
}

export function refused(message: string): FastbandError {
  return new FastbandError('query_refused', message);
}
