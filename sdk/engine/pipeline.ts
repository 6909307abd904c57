import { toFilterError } from '../errors';
import type { Face, FaceCrop, Frame, SmoothedCrop, StageName, StyledCrop } from '../types';
import type { StageTimer } from './stage-timer';

/** The stages of the line as the pipeline calls them. Tests put others in their place. */
export interface Stages {
  /** Faces in the frame, most relevant first. */
  track(frame: Frame): readonly Face[];
  /** Where a face is cut out. */
  crop(face: Face, frame: Frame): FaceCrop;
  /** The face drawn in the current style. */
  generate(frame: Frame, crop: FaceCrop): Promise<StyledCrop>;
  /** The drawn faces without flicker. */
  smooth(styled: readonly StyledCrop[], frame: Frame): readonly SmoothedCrop[];
  /** What still shows of faces that have left. */
  fade(present: readonly SmoothedCrop[], frame: Frame): readonly SmoothedCrop[];
  /** Puts the faces into the frame and the frame onto the canvas. */
  composite(frame: Frame, layers: readonly SmoothedCrop[]): void | Promise<void>;
}

/** What became of a frame. */
export interface Processed {
  /** How many faces were styled. */
  readonly faces: number;
  /** Whether the canvas now shows this frame. */
  readonly drawn: boolean;
}

/**
 * Takes one frame down the line. The frame stays the caller's.
 * @param frame What to work on; open until the promise settles.
 * @param stages What does the work.
 * @param timer What measures it.
 * @param letUnstyled Whether a frame without a face is drawn as it is; if not, the canvas stays as it was.
 * @throws {FilterError} the error of the stage that failed, which it names.
 */
export async function processFrame(frame: Frame, stages: Stages, timer: StageTimer, letUnstyled: boolean): Promise<Processed> {
  const run = <T>(stage: StageName, work: () => T | Promise<T>): Promise<T> => timer.time(stage, work).catch((cause: unknown) => failStage(stage, cause));
  try {
    const faces = await run('track', () => stages.track(frame));
    if (faces.length === 0 && !letUnstyled) return { faces: 0, drawn: false };
    const styled: StyledCrop[] = [];
    for (const face of faces) {
      const crop = await run('crop', () => stages.crop(face, frame));
      styled.push(await run('generate', () => stages.generate(frame, crop)));
    }
    const present = styled.length === 0 ? [] : await run('smooth', () => stages.smooth(styled, frame));
    const leaving = letUnstyled ? stages.fade(present, frame) : [];
    await run('composite', () => stages.composite(frame, [...leaving, ...present]));
    return { faces: styled.length, drawn: true };
  } finally {
    timer.endFrame();
  }
}

function failStage(stage: StageName, cause: unknown): never {
  throw toFilterError(cause, 'stage-failed', `The stage '${stage}' failed on a frame`, stage);
}
