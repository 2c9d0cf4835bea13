import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { quoteArgument } from '../../../contract/display.ts';
import { warning } from '../../../contract/sentences.ts';
import { sha256Hex } from '../../core/canonical.ts';
import { FastbandError } from '../../core/errors.ts';
import type { PlanContext } from '../../core/tool.ts';
import { resolveCommand } from '../../guard/argv.ts';
import { commandEnvironment } from '../../guard/environment.ts';
import { inFolder } from '../../guard/fs-folder.ts';
import { changed, lstatOf, sameThing } from '../../guard/path.ts';
import { RUN_MARK, runProgram } from '../../guard/run.ts';
import { resolveFor } from '../paths.ts';
import { defineTool } from '../tool.ts';

/** What a long build writes stays far below. */
const FLOOD_BYTES = 128 * 1024 * 1024;
/** Programs of a workspace are compared by content up to this size. */
const MAX_HASHED = 256 * 1024 * 1024;

export const runCommand = defineTool({
  name: 'run_command',
  title: 'Run a command',
  description: 'Runs a program with arguments, without a shell: no pipes, globs or variables.',
  group: 'commands',
  risk: 'exec',
  input: z.strictObject({
    command: z.array(z.string()).min(1).max(1000).describe('program and arguments'),
    cwd: z.string().default('.'),
    stdin: z
      .string()
      .max(1024 * 1024)
      .optional(),
    timeout_seconds: z.int().min(1).max(86_400).optional(),
  }),
  output: z.object({
    exitCode: z.int().nullable(),
    signal: z.string().nullable(),
    timedOut: z.boolean(),
    stdout: z.string(),
    stderr: z.string(),
    omittedBytes: z.int(),
    seconds: z.number(),
  }),
  async plan({ command, cwd, stdin, timeout_seconds: timeout }, context) {
    const folder = await resolveFor(context, cwd, 'read');
    if (folder.type !== 'directory')
      throw new FastbandError('not_found', `There is no folder ${cwd} to run in.`);
    if (folder.workspace.readOnly)
      throw new FastbandError(
        'read_only',
        `The workspace ${folder.workspace.name} is read only, and a command could change it.`,
      );
    const resolved = await resolveFrom(command, folder.absolute, stdin, context);
    const env = environmentFor(context);
    const data = {
      argv: [...command],
      binary: resolved.binary,
      // A program in a workspace may be rewritten while a person looks at its name.
      binaryStat: await lstatOf(resolved.binary),
      ...(resolved.inWorkspace ? { binaryHash: await contentHash(resolved.binary) } : {}),
      requested: cwd,
      cwd: folder.absolute,
      cwdStat: folder.stat === null ? null : { dev: folder.stat.dev, ino: folder.stat.ino },
      stdin,
      timeoutSeconds: Math.min(
        timeout ?? context.settings.commands.timeoutSeconds,
        context.settings.limits.callSeconds,
      ),
      environmentHash: sha256Hex(JSON.stringify(env)),
    };
    return {
      effects: [
        {
          kind: 'exec',
          workspace: folder.workspace.name,
          cwd: folder.relative,
          argv: [...command],
          binary: resolved.binary,
          open: resolved.open,
          ...(stdin === undefined ? {} : { stdin: sha256Hex(stdin) }),
        },
      ],
      data,
      preview: () => ({
        previews: [
          {
            kind: 'command',
            argv: command.map(quoteArgument),
            cwd:
              folder.relative === '.' ? folder.workspace.name : `${folder.workspace.name}/${folder.relative}`,
            binary: resolved.binary,
            env: [...Object.keys(env), RUN_MARK].sort(),
            ...(stdin === undefined ? {} : { stdin }),
          },
        ],
        warnings: [
          ...(resolved.why === undefined ? [] : [resolved.why]),
          ...(folder.viaLink ? [warning('linkedFolder')] : []),
        ],
      }),
    };
  },
  async run({ data }, context) {
    const resolved = await resolveFrom(data.argv, data.cwd, data.stdin, context);
    const folder = await resolveFor(context, data.cwd, 'read');
    const sameFolder =
      folder.stat?.ino === data.cwdStat?.ino &&
      folder.stat?.dev === data.cwdStat?.dev &&
      folder.absolute === data.cwd;
    if (
      resolved.binary !== data.binary ||
      !sameThing(data.binaryStat, await lstatOf(resolved.binary)) ||
      (data.binaryHash !== undefined && data.binaryHash !== (await contentHash(resolved.binary))) ||
      !sameFolder
    )
      throw changed(data.argv[0] ?? '');
    const env = environmentFor(context);
    if (sha256Hex(JSON.stringify(env)) !== data.environmentHash) throw changed('The environment');
    // Started in the folder itself, not in what its path leads to by then.
    const result = await inFolder(data.cwd, data.requested, async ({ self }) => {
      if ((await stat(self)).ino !== data.cwdStat?.ino) throw changed(data.requested);
      return runProgram(data.binary, data.argv, {
        cwd: self,
        env,
        stdin: data.stdin,
        signal: context.signal,
        clock: context.ports.clock,
        timeoutMs: data.timeoutSeconds * 1000,
        outputBytes: context.settings.commands.outputBytes,
        floodBytes: FLOOD_BYTES,
        maxProcesses: context.settings.commands.maxProcesses,
        onOutput: (_, text) => context.progress(text.slice(-2000)),
      });
    });
    const seconds = Math.round(result.durationMs) / 1000;
    const how = result.timedOut
      ? `stopped after ${data.timeoutSeconds} s`
      : result.flooded
        ? `stopped because it wrote more than ${FLOOD_BYTES / 1024 / 1024} MiB`
        : result.crowded
          ? `stopped because it had more than ${context.settings.commands.maxProcesses} processes at once`
          : result.signal === null
            ? `exit ${result.exitCode}`
            : `ended by ${result.signal}`;
    const { exitCode, signal, timedOut, stdout, stderr, omitted } = result;
    const shown = [stdout, stderr === '' ? '' : `[stderr]\n${stderr}`, `[${how}, ${seconds} s]`]
      .filter((part) => part !== '')
      .join('\n');
    return {
      output: { exitCode, signal, timedOut, stdout, stderr, omittedBytes: omitted, seconds },
      content: [{ type: 'text', text: shown }],
      summary: `Ran ${data.argv.slice(0, 8).map(quoteArgument).join(' ').slice(0, 300)}: ${how}, ${seconds} s.`,
    };
  },
});

/** Times and sizes can be put back as they were after a change; content cannot. */
async function contentHash(path: string): Promise<string> {
  if ((await stat(path)).size > MAX_HASHED)
    throw new FastbandError(
      'too_large',
      'This program of the workspace is too large to be sure that it stays the one that is shown.',
    );
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function resolveFrom(
  argv: readonly string[],
  cwd: string,
  stdin: string | undefined,
  { ports, workspaces }: PlanContext,
) {
  return resolveCommand(argv, { cwd, env: ports.env, home: ports.home, workspaces, stdin });
}

function environmentFor({ ports, settings, workspaces }: PlanContext): Record<string, string> {
  return commandEnvironment({ env: ports.env, extra: settings.commands.env, workspaces, home: ports.home });
}
