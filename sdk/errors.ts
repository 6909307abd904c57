import type { StageName } from './types';

/** What kind of thing went wrong. Stable across versions: switch on it rather than on the message. */
export type FilterErrorCode =
  | 'bad-option'
  | 'unsupported'
  | 'camera-refused'
  | 'camera-missing'
  | 'source-ended'
  | 'source-empty'
  | 'asset-missing'
  | 'asset-corrupt'
  | 'asset-version'
  | 'model-self-test'
  | 'model-output'
  | 'backend-unavailable'
  | 'device-lost'
  | 'context-lost'
  | 'stage-failed'
  | 'aborted'
  | 'closed';

/** Where it went wrong: a stage of the line, or one of its two ends. */
export type FilterErrorStage = StageName | 'source' | 'sink' | 'load' | 'options';

/** Details of a {@link FilterError}. */
export interface FilterErrorInit {
  /** Stage the error belongs to. */
  readonly stage?: FilterErrorStage;
  /** Whether the filter has stopped for good. Default false. */
  readonly fatal?: boolean;
  /** The underlying error. */
  readonly cause?: unknown;
}

/** Every error the library throws or reports: a sentence that says what was wrong, where, and what to do. */
export class FilterError extends Error {
  override readonly name = 'FilterError';
  readonly code: FilterErrorCode;
  readonly stage: FilterErrorStage | undefined;
  readonly fatal: boolean;

  constructor(code: FilterErrorCode, message: string, init: FilterErrorInit = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = code;
    this.stage = init.stage;
    this.fatal = init.fatal ?? false;
  }
}
