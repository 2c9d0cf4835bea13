import { z } from 'zod';

/** What runs here. The panel adds what it knows by itself: the browser or Electron that shows it. */
export const About = z.strictObject({
  /** By name, in the order to show: `Fastband`, `Node.js`, `SQLite`, … */
  versions: z.array(z.strictObject({ name: z.string(), version: z.string() })),
  /** Revisions of MCP that clients may speak, newest first. */
  protocols: z.array(z.string()),
  /** `linux x64`. */
  platform: z.string(),
  home: z.string(),
});
export type About = z.infer<typeof About>;

/** A package that is part of Fastband, with the text that its licence asks to be shown. */
export const Licence = z.object({
  name: z.string(),
  version: z.string(),
  licence: z.string(),
  text: z.string().default(''),
});
export type Licence = z.infer<typeof Licence>;

/** What a person reads before they save it: redacted, one text file. */
export const Diagnostics = z.strictObject({ name: z.string(), text: z.string() });
export type Diagnostics = z.infer<typeof Diagnostics>;

/** What an import of settings would do, or did. With a problem in it nothing is taken over. */
export const SettingsImport = z.strictObject({
  /** `server.port`, with what it is and what it would be. */
  changes: z.array(z.strictObject({ key: z.string(), from: z.unknown(), to: z.unknown() })),
  /** By key; an empty key is about the whole file. */
  problems: z.array(z.strictObject({ key: z.string(), message: z.string() })),
  applied: z.boolean(),
});
export type SettingsImport = z.infer<typeof SettingsImport>;
