import type { IncomingMessage } from 'node:http';

export const MAX_BODY_BYTES = 4 * 1024 * 1024;
const MAX_DEPTH = 64;

/** Why a body was not taken. */
export class BodyError extends Error {
  readonly status: 400 | 413 | 429;
  readonly rpcCode: -32700 | -32000;

  constructor(status: 400 | 413 | 429, message: string) {
    super(message);
    this.name = 'BodyError';
    this.status = status;
    this.rpcCode = status === 400 ? -32700 : -32000;
  }
}

/**
 * Reads and parses a JSON body of at most 4 MiB, strict UTF-8, nested at most 64 deep.
 *
 * @param take - told of each piece's bytes; false refuses the rest
 * @throws BodyError 413, 429 or 400
 */
export async function readJsonBody(
  req: IncomingMessage,
  take: (bytes: number) => boolean = () => true,
): Promise<unknown> {
  const tooLarge = () => new BodyError(413, `The body is larger than ${MAX_BODY_BYTES} bytes.`);
  if (Number(req.headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  const bytes = await new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    req.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) {
        req.pause();
        reject(tooLarge());
      } else if (!take(chunk.length)) {
        req.pause();
        reject(new BodyError(429, 'Your requests under way hold too much. Wait for their answers.'));
      } else chunks.push(chunk);
    });
    req.on('end', () =>
      resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)),
    );
    req.on('error', () => reject(new BodyError(400, 'The body could not be read.')));
    req.on('close', () => {
      if (!req.complete) reject(new BodyError(400, 'The body ended early.'));
    });
  });
  return parseJson(bytes);
}

/** @throws BodyError 400 */
export function parseJson(bytes: Buffer): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new BodyError(400, 'The body is not valid UTF-8.');
  }
  // Deep nesting would exhaust the stack of whoever walks the value later.
  if (isDeeperThan(text, MAX_DEPTH))
    throw new BodyError(400, `The body is nested more than ${MAX_DEPTH} deep.`);
  try {
    return JSON.parse(text);
  } catch {
    throw new BodyError(400, 'The body is not valid JSON.');
  }
}

function isDeeperThan(text: string, max: number): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 0x5c) i++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > max) return true;
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return false;
}
