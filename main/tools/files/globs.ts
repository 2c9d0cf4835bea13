import { FastbandError } from '../../core/errors.ts';
import { compileGlob } from '../../core/glob.ts';

const FOLDS_CASE = process.platform === 'darwin' || process.platform === 'win32';
const MAX_ALTERNATIVES = 100;

/** A caller's glob: the exact test, and what ripgrep can be told so that it opens fewer files. */
export interface FileGlob {
  /** Whether it matches a path relative to the folder that is searched. */
  matches(path: string): boolean;
  readonly args: readonly string[];
}

/**
 * A glob as a caller means it: `*.ts` is any such name at any depth, `src/**` begins at the folder that is searched,
 * `{a,b}` is either.
 *
 * ripgrep's own `--glob` is not used to choose files: it overrides .gitignore and brings hidden files back. A file type
 * made up from the last part of the glob does not, so that narrows the walk and `matches` decides.
 *
 * @throws FastbandError `invalid_input`
 */
export function fileGlob(glob: string): FileGlob {
  const patterns = expandBraces(glob).map((one) => {
    const plain = one.replace(/^(?:\.?\/)+/, '').replace(/\/$/, '/**');
    return one.includes('/') ? plain : `**/${plain}`;
  });
  const compiled = patterns.map((pattern) => compileGlob(pattern, { foldCase: FOLDS_CASE }));
  const names = patterns.map((pattern) => pattern.split('/').at(-1) ?? '**');
  const narrow = names.every(
    (name) => name !== '**' && name !== '*' && /^[A-Za-z0-9_.*?@+=~ -]+$/.test(name),
  );
  return {
    matches: (path) => compiled.some((one) => one.matches(path)),
    args:
      narrow && !FOLDS_CASE
        ? [...new Set(names)].map((name) => `--type-add=wanted:${name}`).concat('--type=wanted')
        : [],
  };
}

/** `a{b,c}d` as `abd` and `acd`, nested too. */
function expandBraces(glob: string): string[] {
  let done: string[] = [];
  let open = [glob];
  while (open.length > 0) {
    const next: string[] = [];
    for (const one of open) {
      const inner = /\{([^{}]*)\}/.exec(one);
      if (inner === null || one.charAt(inner.index - 1) === '\\') done = [...done, one];
      else
        for (const part of (inner[1] ?? '').split(','))
          next.push(one.slice(0, inner.index) + part + one.slice(inner.index + inner[0].length));
    }
    if (done.length + next.length > MAX_ALTERNATIVES) {
      throw new FastbandError(
        'invalid_input',
        `The pattern stands for more than ${MAX_ALTERNATIVES} others. Write a simpler one.`,
      );
    }
    open = next;
  }
  return done;
}
