/**
 * Builds a face landmarker bundle from what the npm package `@mediapipe/face_mesh` (Apache-2.0) contains:
 * 468 points, placeholders instead of irises, no blendshapes. It is what a checkout uses that
 * reaches only the package registry.
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { extendModel, normalisationMetadata, readModelShape, TENSOR_TYPE } from './tflite-model';

const ASSETS = 'face_mesh_solution_packed_assets';
const MESH = 'face_landmark.tflite';
const DETECTOR = 'face_detection_short_range.tflite';
const GEOMETRY = 'geometry_pipeline_metadata_landmarks.binarypb';

/** Coordinates that the mesh model returns: x, y, z in input pixels for each point. */
const MESH_VALUES = 468 * 3;
/** Values of the ten iris points that the task expects behind them. */
const IRIS_VALUES = 10 * 3;
/** Middle of the mesh model's 192² input: a harmless place for iris points that nobody computes. */
const PLACEHOLDER = [96, 96, 0];
/** `CONCATENATION` and its options in TensorFlow Lite's schema. */
const CONCATENATION = { builtin: 2, version: 1, optionsType: 10 };
const AXIS_SLOT = 0;

/** Local fields are written as they are, so the bundle's bytes do not depend on the time zone. */
const ZIP_TIME = new Date(2023, 0, 1, 12, 0, 0);

/** The files inside the package's one data file, by name. */
async function readPackedAssets(packageDir: string): Promise<Map<string, Uint8Array>> {
  const data = await readFile(join(packageDir, `${ASSETS}.data`));
  const loader = await readFile(join(packageDir, `${ASSETS}_loader.js`), 'utf8');
  const listing = /loadPackage\((\{"files".*?\})\);/s.exec(loader)?.[1];
  if (listing === undefined) {
    throw new Error(`${ASSETS}_loader.js lists no files; install @mediapipe/face_mesh as locked.`);
  }
  const { files } = JSON.parse(listing) as {
    files: { filename: string; start: number; end: number }[];
  };
  return new Map(
    files.map(({ filename, start, end }) => [
      filename.slice(filename.lastIndexOf('/') + 1),
      new Uint8Array(data.subarray(start, end)),
    ]),
  );
}

/** The mesh model with 478 points: a constant is concatenated to its 468. */
function withIrisPlaceholders(model: Uint8Array): Uint8Array {
  const { tensorCount, outputs } = readModelShape(model);
  const mesh = outputs.find(({ shape }) => shape.at(-1) === MESH_VALUES);
  const presence = outputs.find(({ shape }) => shape.at(-1) === 1);
  if (mesh === undefined || presence === undefined) {
    throw new Error(`${MESH} does not have the outputs expected of it; install @mediapipe/face_mesh as locked.`);
  }
  const leading = mesh.shape.slice(0, -1);
  const placeholders = Float32Array.from({ length: IRIS_VALUES }, (_, i) => PLACEHOLDER[i % 3] ?? 0);
  const [irises, points] = [tensorCount, tensorCount + 1];
  return extendModel(model, {
    tensors: [
      {
        name: 'iris_placeholders',
        shape: [...leading, IRIS_VALUES],
        type: TENSOR_TYPE.float32,
        data: new Uint8Array(placeholders.buffer),
      },
      {
        name: 'landmarks_478',
        shape: [...leading, MESH_VALUES + IRIS_VALUES],
        type: TENSOR_TYPE.float32,
      },
    ],
    operators: [
      {
        ...CONCATENATION,
        inputs: [mesh.tensor, irises],
        outputs: [points],
        options: { [AXIS_SLOT]: leading.length },
      },
    ],
    outputs: [points, presence.tensor],
    metadata: normalisationMetadata('Face mesh', 0, 255),
  });
}

/**
 * Builds the reduced bundle; the same package gives the same bytes.
 * @param packageDir Folder of the installed `@mediapipe/face_mesh`.
 */
export async function buildReducedBundle(packageDir: string): Promise<Uint8Array> {
  const assets = await readPackedAssets(packageDir);
  const asset = (name: string): Uint8Array => {
    const found = assets.get(name);
    if (found === undefined) throw new Error(`@mediapipe/face_mesh has no ${name}; install it as locked.`);
    return found;
  };
  return zipSync(
    {
      'face_detector.tflite': extendModel(asset(DETECTOR), {
        metadata: normalisationMetadata('Short range face detector', 127.5, 127.5),
      }),
      'face_landmarks_detector.tflite': withIrisPlaceholders(asset(MESH)),
      [GEOMETRY]: asset(GEOMETRY),
    },
    { level: 0, mtime: ZIP_TIME },
  );
}
