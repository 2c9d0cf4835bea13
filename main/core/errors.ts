import type { ErrorCode, WireError } from '../../contract/errors.ts';

/**
 * An error that may be told to whoever asked: its message is for people, says what to do, and holds no secret.
 * Everything else that is thrown is a defect, and crosses a border only as `internal`.
 */
export class FastbandError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FastbandError';
    this.code = code;
  }
}

/** What may leave the process of any thrown value. */
export function toWireError(error: unknown): WireError {
  if (error instanceof FastbandError) return { code: error.code, message: error.message };
  return {
    code: 'internal',
    message: 'Fastband hit an internal error. Its log says more; the call changed nothing further.',
  };
}
