import type { CodeParts } from '../assets/manifest';
import type { LoadedModel } from '../assets/model-store';
import { CODE_ROW_LENGTH } from '../assets/exemplar-code';
import { FilterError } from '../errors';
import type { NumberArray, StyleCode } from '../types';
import { createSession, floatTensor, type OrtSession } from './ort-runtime';

const DEFAULT_CAPACITY_BYTES = 96 * 2 ** 20;

/** What lies where in a model's codes. */
export interface CodeLayout {
  /** How many first rows carry structure. */
  readonly structureRows: number;
  /** Parts that may come from different looks. */
  readonly parts: CodeParts;
}

/** What the style head takes. */
export interface StyleRequest {
  /** Names the code and its weights: two requests with the same key are the same. */
  readonly key: string;
  /** Reads the extrinsic style code, row-major `[L, 512]`, of which the first rows carry structure and the rest colour. */
  readonly codeRows: (layout: CodeLayout) => Promise<Float32Array>;
  /** How far the rows that carry structure count, 0…1. */
  readonly structure: number;
  /** How far the rows that carry colour count, 0…1. */
  readonly color: number;
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
  /** How many bytes of codes are kept, those used last. The newest is kept in any case. Default 96 MiB. */
  readonly capacityBytes?: number;
}

/** Opens a cache of style codes. The style head is loaded with the first request. */
export function createStyleCodes({ model, ortWasmBase, capacityBytes = DEFAULT_CAPACITY_BYTES }: StyleCodesOptions): StyleCodes {
  const kept = new Map<string, Promise<StyleCode>>();
  const bytesByKey = new Map<string, number>();
  let head: Promise<OrtSession> | undefined;
  let headRuns = 0;
  let isClosed = false;

  function get(request: StyleRequest): Promise<StyleCode> {
    if (isClosed) return Promise.reject(new FilterError('closed', 'The style codes were used after they were closed.', { stage: 'generate' }));
    const { key } = request;
    const code = kept.get(key) ?? run(request);
    kept.delete(key); // set again below: the map's order is the order of use
    kept.set(key, code);
    code.then(
      ({ inputs }) => {
        bytesByKey.set(key, Object.values(inputs).reduce((sum, { data }) => sum + data.byteLength, 0));
        forgetOldest();
      },
      () => {
        if (kept.get(key) === code) kept.delete(key);
      },
    );
    return code;
  }

  function forgetOldest(): void {
    let totalBytes = 0;
    for (const key of [...kept.keys()].reverse()) {
      const isNewest = totalBytes === 0;
      totalBytes += bytesByKey.get(key) ?? 0;
      if (isNewest || totalBytes <= capacityBytes) continue;
      kept.delete(key);
      bytesByKey.delete(key);
    }
  }

  async function run({ codeRows: readRows, structure, color, keepColor }: StyleRequest): Promise<StyleCode> {
    const rows = model.entry.styleHead.inputs.weights?.[1];
    const { structureRows, styleEncoder } = model.entry;
    const codeRows = await readRows({ structureRows, parts: styleEncoder?.parts ?? {} });
    if (codeRows.length !== (rows ?? 0) * CODE_ROW_LENGTH || rows === undefined) {
      throw new FilterError('bad-option', `Model '${model.entry.id}' takes style codes of ${rows} rows, but got ${codeRows.length / CODE_ROW_LENGTH}. Use a pack and a model of the same release.`, { stage: 'generate' });
    }
    const weights = new Float32Array(rows).fill(color).fill(structure, 0, structureRows);
    const session = await openHead();
    headRuns += 1;
    const outputs = await session.run({
      extrinsic_code: floatTensor(codeRows, [1, rows, CODE_ROW_LENGTH]),
      weights: floatTensor(weights, [1, rows]),
      keep_color: floatTensor(Float32Array.of(keepColor), [1, 1]),
    });
    const inputs: Record<string, NumberArray> = {};
    for (const [name, tensor] of Object.entries(outputs)) {
      // The runtime has copied the numbers out of its memory: they are ours.
      inputs[name] = { data: tensor.data as Float32Array, shape: tensor.dims };
      tensor.dispose();
    }
    return Object.freeze({ modelId: model.entry.id, inputs });
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
    bytesByKey.clear();
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
