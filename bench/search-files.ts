import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rgPath } from '@vscode/ripgrep';
import { Sandbox } from '../e2e/host.ts';
import { timeProgram } from './read-file.ts';
import { median, type Report, round } from './report.ts';

const FILES = 50_000;
const ROUNDS = 9;

/** `search_files` over MCP beside ripgrep itself, on a tree of 50,000 files: a rare match, none, and a glob. */
export async function searchFiles(): Promise<Report> {
  const box = new Sandbox();
  try {
    makeTree(box.workspace);
    const host = await box.serve();
    await host.api('settings.update', { limits: { callsPerMinute: 0 } });
    const client = await box.connect(host, await box.addClient('Bench'));
    const cases = [
      { name: 'rare match', input: { pattern: 'needle_[0-9]+' }, args: ['needle_[0-9]+'] },
      { name: 'no match', input: { pattern: 'never_there' }, args: ['never_there'] },
      {
        name: 'glob',
        input: { pattern: 'needle_[0-9]+', glob: '*.md' },
        args: ['--glob', '*.md', 'needle_[0-9]+'],
      },
    ];
    const rows = [];
    const ratios: number[] = [];
    for (const { name, input, args } of cases) {
      const mine: number[] = [];
      const theirs: number[] = [];
      for (let i = 0; i <= ROUNDS; i++) {
        const began = performance.now();
        const { isError } = await client.callTool({ name: 'search_files', arguments: input });
        if (isError) throw new Error('the search failed');
        const a = performance.now() - began;
        const b = await timeProgram(
          rgPath,
          ['--no-config', '--json', '--no-require-git', ...args, './'],
          box.workspace,
        );
        if (i > 0) {
          mine.push(a);
          theirs.push(b);
        }
      }
      const ratio = median(mine.map((one, i) => one / (theirs[i] ?? Number.NaN)));
      ratios.push(ratio);
      rows.push({
        search: name,
        'fastband ms': round(median(mine), 1),
        'ripgrep ms': round(median(theirs), 1),
        ratio: round(ratio),
      });
    }
    return { name: `search_files, ${FILES} files`, rows, figures: { vsRipgrep: round(Math.max(...ratios)) } };
  } finally {
    await box.close();
  }
}

function makeTree(root: string): void {
  const filler = 'the quick brown fox jumps over the lazy dog\n'.repeat(20);
  for (let i = 0; i < FILES; i++) {
    const folder = join(root, `d${i % 50}`, `e${Math.floor(i / 50) % 20}`);
    if (i < 1000) mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, `f${i}.${i % 10 === 0 ? 'md' : 'ts'}`),
      i % 5000 === 0 ? `${filler}needle_${i}\n` : filler,
    );
  }
}
