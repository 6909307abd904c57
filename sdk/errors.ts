import type { StageName } from './types';

/** What kind of thing went wrong. Stable across versions: switch on it rather than on the message. */
export type FilterErrorCode =
  | 'bad-option'
  | 'unsupported'
  | 'worker-unavailable'
  | 'camera-refused'
  | 'camera-missing'
  | 'camera-busy'
  | 'source-ended'
  | 'source-empty'
  | 'source-tainted'
  | 'asset-missing'
  | 'asset-corrupt'
  | 'asset-version'
  | 'model-self-test'
  | 'model-output'
  | 'backend-unavailable'
  | 'device-lost'
  | 'context-lost'
  | 'stage-failed'
  | 'sink-failed'
  | 'aborted'
  | 'closed';

/** Where it went wrong: a stage of the line, or one of its two ends. */
export type FilterErrorStage = StageName | 'source' | 'sink' | 'load' | 'options';

/** Details of a {@link FilterError}. */
export interface FilterErrorInit {
  /** Stage the error belongs to. */
  readonly stage?: FilterErrorStage | undefined;
  /** Whether the filter has stopped for good. Default false. */
  readonly fatal?: boolean;
  /** The underlying error. */
  readonly cause?: unknown;
}

/** Every error the library throws or reports: a sentence that says what was wrong, where, and what to do. */
export class FilterError extends Error {
  override readonly name = 'FilterError';
  /** What kind of thing went wrong. */
  readonly code: FilterErrorCode;
  /** Where it went wrong, if it can be said. */
  readonly stage: FilterErrorStage | undefined;
  /** Whether the filter has stopped for good. */
  readonly fatal: boolean;

  constructor(code: FilterErrorCode, message: string, init: FilterErrorInit = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = code;
    this.stage = init.stage;
    this.fatal = init.fatal ?? false;
  }
}

/** The same error marked fatal: the filter has stopped for good. */
export function asFatal(error: FilterError): FilterError {
  return new FilterError(error.code, error.message, { stage: error.stage, fatal: true, cause: error.cause });
}

/** `cause` itself if it is a {@link FilterError}, else one of `code` whose message names the cause. */
export function toFilterError(cause: unknown, code: FilterErrorCode, sentence: string, stage?: FilterErrorStage): FilterError {
  if (cause instanceof FilterError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new FilterError(code, `${sentence}: ${reason}`, { stage, cause });
}
