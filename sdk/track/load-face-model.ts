import { FilterError } from '../errors';

/** Where the face landmarker bundle comes from. */
export interface FaceModelSource {
  /** Address of the bundle. Not read where `modelBytes` is given. */
  readonly modelUrl?: string;
  /** The bundle itself. */
  readonly modelBytes?: Uint8Array;
  /** Stops the loading. */
  readonly signal?: AbortSignal;
}

/**
 * The bytes of the bundle.
 * @throws FilterError `asset-missing` or `aborted`.
 */
export async function loadFaceModel(source: FaceModelSource): Promise<Uint8Array> {
  const { modelUrl, modelBytes, signal } = source;
  if (modelBytes !== undefined) return modelBytes;
  if (modelUrl === undefined) {
    throw new FilterError('bad-option', 'The face tracker needs modelUrl or modelBytes.', {
      stage: 'options',
      fatal: true,
    });
  }
  try {
    const response = await fetch(modelUrl, signal === undefined ? {} : { signal });
    if (!response.ok) throw new Error(`HTTP ${String(response.status)}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    if (signal?.aborted === true) {
      throw new FilterError('aborted', 'Loading the face model was aborted.', {
        stage: 'load',
        cause,
      });
    }
    throw new FilterError(
      'asset-missing',
      `The face model could not be loaded from ${modelUrl}; serve the assets there or set options.assetBase.`,
      { stage: 'load', fatal: true, cause },
    );
  }
}
