import { z } from 'zod';

/** The six things a tool call can do to the world. One icon, colour and verb each in the panel. */
export const EFFECT_KINDS = ['read', 'write', 'exec', 'net', 'secret', 'query'] as const;
export const EffectKind = z.enum(EFFECT_KINDS);
export type EffectKind = z.infer<typeof EffectKind>;

/** How a write changes its path. The git ones change a repository, named by the path of its `.git`. */
export const WRITE_OPS = [
  'create',
  'modify',
  'delete',
  'move',
  'mkdir',
  'git-stage',
  'git-commit',
  'git-branch',
  'git-switch',
  'git-restore',
] as const;
export const WriteOp = z.enum(WRITE_OPS);
export type WriteOp = z.infer<typeof WriteOp>;

/** Reads one path. `tree` means the whole directory below it; what the policy hides there is left out. */
export const ReadEffect = z.strictObject({
  kind: z.literal('read'),
  workspace: z.string(),
  /** Relative to the workspace root, `/` between components, `.` for the root itself. */
  path: z.string(),
  tree: z.boolean().optional(),
});
export const WriteEffect = z.strictObject({
  kind: z.literal('write'),
  workspace: z.string(),
  path: z.string(),
  op: WriteOp,
  /** A folder with everything in it. Where each file below is not an effect of its own, rules about any of them apply. */
  tree: z.boolean().optional(),
});
export const ExecEffect = z.strictObject({
  kind: z.literal('exec'),
  workspace: z.string(),
  /** Working directory, relative to the workspace root. */
  cwd: z.string(),
  argv: z.array(z.string()).min(1),
  /** Absolute real path of the program that argv[0] resolves to. */
  binary: z.string(),
  /** The program can run anything (a shell, an interpreter, a wrapper): grants take the exact argv only. */
  open: z.boolean(),
  /** SHA-256 of what it is given to read, in hex; absent when that is nothing. A shell takes its commands from there. */
  stdin: z.string().optional(),
});
export const NetEffect = z.strictObject({
  kind: z.literal('net'),
  method: z.string(),
  host: z.string(),
  port: z.int().min(1).max(65535),
  /** Whole URL without credentials, for the person to read. */
  url: z.string(),
});
export const SecretEffect = z.strictObject({
  kind: z.literal('secret'),
  provider: z.string(),
});
export const QueryEffect = z.strictObject({
  kind: z.literal('query'),
  /** Of a database that is a file. Absent for one on a server. */
  workspace: z.string().optional(),
  /** The file's path relative to the workspace's root, or `pg:NAME` after the secret that holds the connection. */
  database: z.string(),
  access: z.enum(['read', 'write']),
});

export const Effect = z.discriminatedUnion('kind', [
  ReadEffect,
  WriteEffect,
  ExecEffect,
  NetEffect,
  SecretEffect,
  QueryEffect,
]);
export type Effect = z.infer<typeof Effect>;
export type ReadEffect = z.infer<typeof ReadEffect>;
export type WriteEffect = z.infer<typeof WriteEffect>;
export type ExecEffect = z.infer<typeof ExecEffect>;
