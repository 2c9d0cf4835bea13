import { z } from 'zod';
import { TaskId } from './audit.ts';

/** Fixed, so that a name can never be a path. `auto` ones are made by the schedule, and only those does it remove. */
export const BackupName = z.string().regex(/^fastband-(?:auto-)?\d{8}T\d{6}Z-[0-9a-f]{6}\.backup(?:\.age)?$/);
/** Short ones are guessed by whoever gets hold of the file. */
export const Passphrase = z.string().min(12, 'at least 12 characters').max(1000);

export const BackupInfo = z.strictObject({
  name: BackupName,
  /** Milliseconds since the epoch. */
  at: z.int(),
  bytes: z.int(),
  encrypted: z.boolean(),
  scheduled: z.boolean(),
});
export type BackupInfo = z.infer<typeof BackupInfo>;

/** Why the schedule made none. */
export const BackupProblem = z.enum(['no_passphrase', 'short_passphrase', 'keychain', 'failed']);
export type BackupProblem = z.infer<typeof BackupProblem>;

export const BackupList = z.strictObject({
  folder: z.string(),
  /** Newest first. */
  backups: z.array(BackupInfo),
  problem: BackupProblem.optional(),
});
export type BackupList = z.infer<typeof BackupList>;

/** What was found in a backup of which nothing is damaged. */
export const BackupFacts = z.strictObject({
  createdAt: z.int(),
  /** The Fastband that made it. */
  version: z.string(),
  files: z.int(),
  auditRows: z.int(),
  /** Only then is it known to be as it was made: the sums of one that is not can be changed with the rest. */
  encrypted: z.boolean(),
});
export type BackupFacts = z.infer<typeof BackupFacts>;

/** Without a passphrase, the one that the keychain holds as `secret:backup-passphrase`. */
export const BackupCreateInput = z.strictObject({
  passphrase: Passphrase.optional(),
  task: TaskId.optional(),
});
export const BackupVerifyInput = z.strictObject({
  name: BackupName,
  passphrase: z.string().min(1).max(1000).optional(),
  task: TaskId.optional(),
});
