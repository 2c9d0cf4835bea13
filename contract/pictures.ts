import { z } from 'zod';

/** Names one picture of the gallery. Also the last part of `fastband://pictures/ID` and of `/pictures/ID`. */
export const PictureId = z.string().regex(/^p_[A-Za-z0-9_-]{16}$/);

export const PictureType = z.enum(['image/png', 'image/jpeg']);
export type PictureType = z.infer<typeof PictureType>;

/** A picture that a call made. Its content is fetched by its id. */
export const PictureInfo = z.strictObject({
  id: PictureId,
  /** Milliseconds since the epoch. */
  at: z.int(),
  callId: z.string(),
  clientId: z.string(),
  clientName: z.string(),
  tool: z.string(),
  /** What it shows: a URL, or a path in a workspace. Display-safe. */
  url: z.string(),
  /** The page's own title: words of a stranger. Display-safe. */
  title: z.string(),
  /** In pixels. */
  width: z.int(),
  height: z.int(),
  bytes: z.int(),
  type: PictureType,
});
export type PictureInfo = z.infer<typeof PictureInfo>;

export const PictureListInput = z.strictObject({
  /** A client's name; absent lists everybody's. */
  client: z.string().optional(),
  callId: z.string().optional(),
  /** Newest first: those after this place. */
  cursor: z.int().optional(),
  limit: z.int().min(1).max(200).default(60),
});
export type PictureListInput = z.infer<typeof PictureListInput>;

export const PictureList = z.strictObject({
  pictures: z.array(PictureInfo),
  /** Pass as `cursor` for the next page; null at the end. */
  next: z.int().nullable(),
  /** How many there are in all. */
  total: z.int(),
  /** Bytes that all of them take. */
  bytes: z.int(),
});
export type PictureList = z.infer<typeof PictureList>;

/** Which browser the tools use, and how. */
export const BrowserState = z.strictObject({
  /** `running`: pages are or were just open. `ready`: found, and started when first needed. */
  state: z.enum(['running', 'ready', 'missing']),
  /** Chrome, Edge, Chromium, … */
  name: z.string().optional(),
  path: z.string().optional(),
  version: z.string().optional(),
  /** Chromium's own sandbox around its pages. */
  sandbox: z.boolean(),
  /** Pages and named sessions that are open now. */
  pages: z.int(),
  sessions: z.int(),
  /** How to install one, for this system. */
  install: z.string().optional(),
  /** What Fastband can fetch instead: its version, and the host that it comes from. */
  fetch: z.strictObject({ version: z.string(), from: z.string() }).optional(),
  /** The last start failed: why. */
  problem: z.string().optional(),
});
export type BrowserState = z.infer<typeof BrowserState>;
