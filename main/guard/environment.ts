import type { Workspace } from '../../contract/entities.ts';
import { safePath } from './argv.ts';

/** What a command may learn of the environment without being asked for. */
const PLAIN = [
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LANGUAGE',
  'TZ',
  'TMPDIR',
  'TEMP',
  'TMP',
  'SystemRoot',
  'SYSTEMROOT',
  'windir',
  'COMSPEC',
  'PATHEXT',
  'USERPROFILE',
  'APPDATA',
  'LOCALAPPDATA',
  'ProgramFiles',
  'ProgramData',
  'NUMBER_OF_PROCESSORS',
];

/** Never passed on, whoever asks: they load code into programs, turn git and Node, or are keys and tokens of ours. */
const NEVER =
  /^(?:LD_.*|DYLD_.*|NODE_OPTIONS|NODE_PATH|NODE_REPL_.*|PYTHON(?:PATH|STARTUP|HOME|INSPECT)|PERL5(?:LIB|OPT|DB)|PERLLIB|RUBY(?:OPT|LIB)|BASH_ENV|ENV|SHELLOPTS|BASHOPTS|PS4|PROMPT_COMMAND|BASH_FUNC_.*|IFS|GIT_.*|SSH_ASKPASS|ELECTRON_.*|FASTBAND_.*|(?:ANTHROPIC|OPENAI|GOOGLE|GEMINI)_API_KEY|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|GCONV_PATH|GLIBC_TUNABLES|MALLOC_.*|EDITOR|VISUAL|PAGER|LESSOPEN|LESSCLOSE)$/;

/**
 * The environment of a command: an allowlist, whatever the person added to it by name, and a PATH that no workspace
 * can put itself into.
 */
export function commandEnvironment(options: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly extra: readonly string[];
  readonly workspaces: readonly Workspace[];
  readonly home: string;
}): Record<string, string> {
  const { env, extra, workspaces, home } = options;
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || NEVER.test(name)) continue;
    if (PLAIN.includes(name) || /^LC_[A-Z]+$/.test(name) || extra.includes(name)) result[name] = value;
  }
  return { ...result, PATH: safePath(env, workspaces, home), TERM: 'dumb' };
}
