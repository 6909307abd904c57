import type { LoadedModel } from '../assets/model-store';
import { CODE_ROW_LENGTH } from '../assets/style-pack';
import { FilterError } from '../errors';
import type { StyleCode } from '../types';
import { createSession, floatTensor, type OrtSession } from './ort-runtime';

/** What the style head takes. */
export interface StyleRequest {
  /** Extrinsic style code, row-major `[L, 512]`. */
  readonly codeRows: Float32Array;
  /** How far each of the L rows counts, 0…1. */
  readonly weights: Float32Array;
  /** 0 the exemplar's colours, 1 the photo's. */
  readonly keepColor: number;
}

/** Turns style requests into what the student takes, running the style head once per distinct request. */
export interface StyleCodes {
  /** The code of a request; the same request gives the same object while it is kept. */
  get(request: StyleRequest): Promise<StyleCode>;
  /** How often the style head has run. */
  readonly headRuns: number;
  /** Frees the style head. Idempotent. */
  close(): Promise<void>;
}

/** What {@link createStyleCodes} works with. */
export interface StyleCodesOptions {
  readonly model: LoadedModel;
  /** Folder with the runtime's files. */
  readonly ortWasmBase: string | URL;
  /** How many codes are kept. Default 64. */
  readonly capacity?: number;
}

/** Opens a cache of style codes. The style head is loaded with the first request. */
export function createStyleCodes({ model, ortWasmBase, capacity = 64 }: StyleCodesOptions): StyleCodes {
  const kept = new Map<string, Promise<StyleCode>>();
  let head: Promise<OrtSession> | undefined;
  let headRuns = 0;
  let isClosed = false;

  function get(request: StyleRequest): Promise<StyleCode> {
    if (isClosed) return Promise.reject(new FilterError('closed', 'The style codes were used after they were closed.', { stage: 'generate' }));
    const key = keyOf(request);
    const code = kept.get(key) ?? run(request);
    kept.delete(key); // set again below: the map's order is the order of use
    kept.set(key, code);
    code.catch(() => {
      if (kept.get(key) === code) kept.delete(key);
    });
    const oldest = kept.size > capacity ? kept.keys().next().value : undefined;
    if (oldest !== undefined) kept.delete(oldest);
    return code;
  }

  async function run({ codeRows, weights, keepColor }: StyleRequest): Promise<StyleCode> {
    const rows = model.entry.styleHead.inputs.weights?.[1];
    if (weights.length !== rows || codeRows.length !== rows * CODE_ROW_LENGTH) {
      throw new FilterError('bad-option', `Model '${model.entry.id}' takes style codes of ${rows} rows, but got ${codeRows.length / CODE_ROW_LENGTH}. Use a pack and a model of the same release.`, { stage: 'generate' });
    }
    const session = await openHead();
    headRuns += 1;
    const outputs = await session.run({
      extrinsic_code: floatTensor(codeRows, [1, rows, CODE_ROW_LENGTH]),
      weights: floatTensor(weights, [1, rows]),
      keep_color: floatTensor(Float32Array.of(keepColor), [1, 1]),
    });
    const { modulation } = outputs;
    if (!modulation) throw new FilterError('asset-corrupt', `Style head of model '${model.entry.id}' has no output 'modulation'.`, { stage: 'generate', fatal: true });
    const values = Float32Array.from(modulation.data as Float32Array);
    modulation.dispose();
    return Object.freeze({ modelId: model.entry.id, modulation: values });
  }

  function openHead(): Promise<OrtSession> {
    head ??= model.file('styleHead').then(async (bytes) => {
      const session = await createSession(bytes, null, ortWasmBase);
      model.release('styleHead');
      return session;
    });
    head.catch(() => (head = undefined));
    return head;
  }

  async function close(): Promise<void> {
    isClosed = true;
    kept.clear();
    const session = await head?.catch(() => undefined);
    head = undefined;
    await session?.close();
  }

  return {
    get,
    close,
    get headRuns() {
      return headRuns;
    },
  };
}

// The bytes themselves are the key: two requests are the same exactly when every number is.
function keyOf({ codeRows, weights, keepColor }: StyleRequest): string {
  return [codeRows, weights].map(bytesOf).join('|') + `|${keepColor}`;
}

function bytesOf(numbers: Float32Array): string {
  return String.fromCharCode(...new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
}
