import type { Effect } from '../../../contract/effects.ts';
import { FastbandError } from '../../core/errors.ts';
import type { RunContext, ToolResult } from '../../core/tool.ts';
import { writeAtomically } from '../../guard/atomic-write.ts';
import { callerPath, changed, lstatOf, type PathStat, sameThing } from '../../guard/path.ts';
import type { Browsers } from './browsers.ts';
import { placeWords } from './capture.ts';
import type { PlaceData } from './place.ts';
import { pageError, visit } from './visit.ts';

const MAX_PDF_BYTES = 64 * 1024 * 1024;

export interface PdfData extends PlaceData {
  readonly file: {
    readonly requested: string;
    readonly absolute: string;
    readonly workspace: string;
    readonly path: string;
    readonly stat: PathStat | null;
    readonly op: 'create' | 'modify';
  };
  readonly paper: 'A4' | 'A3' | 'Letter' | 'Legal';
  readonly landscape: boolean;
}

export async function printPage(
  data: PdfData,
  effects: readonly Effect[],
  context: RunContext,
  browsers: Browsers,
): Promise<ToolResult<{ path: string; bytes: number }>> {
  const { file, paper, landscape, session } = data;
  const pdf = await browsers.withPage({ session, device: undefined, effects }, context, async (open) => {
    await visit(open, data, context);
    return open.page.pdf({ format: paper, landscape, printBackground: true }).catch((error: unknown) => {
      throw pageError(error, open, 'The page could not be printed');
    });
  });
  if (pdf.length > MAX_PDF_BYTES)
    throw new FastbandError('too_large', `The PDF has ${pdf.length} bytes, more than ${MAX_PDF_BYTES}.`);
  const { requested, absolute, workspace, path, stat, op } = file;
  if (!sameThing(stat, await lstatOf(absolute))) throw changed(requested);
  const ticket = await context.journal.before({ workspace, path, absolute, op });
  await writeAtomically(absolute, pdf, { before: stat, requested, signal: context.signal });
  await ticket.done();
  return {
    output: { path: callerPath(context.workspaces, workspace, path), bytes: pdf.length },
    summary: `Printed ${placeWords(data.place)} to ${path}, ${pdf.length} bytes.`,
  };
}
