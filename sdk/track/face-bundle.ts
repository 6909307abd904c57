/** Reading a face landmarker bundle: a ZIP archive of uncompressed models. */

const END_RECORD = 0x06054b50;
const END_RECORD_BYTES = 22;
const LONGEST_COMMENT_BYTES = 65_535;
const ENTRY_BYTES = 46;
const LOCAL_HEADER_BYTES = 30;

/** Where a file's local header begins, and its length in bytes. */
interface Entry {
  readonly at: number;
  readonly length: number;
}

/** The bundle's table of contents; empty if it is no ZIP archive. */
function entriesOf(bundle: Uint8Array): Map<string, Entry> {
  const view = new DataView(bundle.buffer, bundle.byteOffset, bundle.byteLength);
  const entries = new Map<string, Entry>();
  const earliest = Math.max(0, bundle.length - END_RECORD_BYTES - LONGEST_COMMENT_BYTES);
  let end = bundle.length - END_RECORD_BYTES;
  while (end >= earliest && view.getUint32(end, true) !== END_RECORD) end--;
  if (end < earliest) return entries;
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0 && at + ENTRY_BYTES <= end; left--) {
    const nameLength = view.getUint16(at + 28, true);
    const name = new TextDecoder().decode(bundle.subarray(at + ENTRY_BYTES, at + ENTRY_BYTES + nameLength));
    const isStored = view.getUint16(at + 10, true) === 0;
    if (isStored) entries.set(name, { at: view.getUint32(at + 42, true), length: view.getUint32(at + 20, true) });
    at += ENTRY_BYTES + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}

/** Whether a bundle can tell expressions; asking one that cannot for them is an error in MediaPipe. */
export function hasBlendshapes(bundle: Uint8Array): boolean {
  return entriesOf(bundle).has('face_blendshapes.tflite');
}

/** Whether a bundle can tell the pose of heads. */
export function hasGeometry(bundle: Uint8Array): boolean {
  return entriesOf(bundle).has('geometry_pipeline_metadata_landmarks.binarypb');
}

/** The bundle's face detector by itself, or undefined if there is none to be found. */
export function detectorOf(bundle: Uint8Array): Uint8Array | undefined {
  const entry = entriesOf(bundle).get('face_detector.tflite');
  if (entry === undefined) return undefined;
  const view = new DataView(bundle.buffer, bundle.byteOffset, bundle.byteLength);
  const names = view.getUint16(entry.at + 26, true) + view.getUint16(entry.at + 28, true);
  const start = entry.at + LOCAL_HEADER_BYTES + names;
  return bundle.slice(start, start + entry.length);
}
