/** A student without the line around it: its session, fed the same inputs again and again. */
import { loadManifest, type ModelEntry } from '../../../sdk/assets/manifest';
import { createModelStore } from '../../../sdk/assets/model-store';
import { loadStylePack } from '../../../sdk/assets/style-pack';
import type { GpuHandle } from '../../../sdk/generate/gpu-device';
import { createSession, floatTensor, tensorsOf, type OrtSession, type Tensors } from '../../../sdk/generate/ort-runtime';
import { resolveStyle } from '../../../sdk/generate/resolve-style';
import { createStyleCodes } from '../../../sdk/generate/style-codes';
import { createTensorBridge } from '../../../sdk/generate/tensor-bridge';
import type { FaceCrop, Frame, StyleCode } from '../../../sdk/types';

/** Which student. */
export interface StudentChoice {
  readonly assetBase: string;
  readonly style: string;
  readonly modelId: string;
  /** What it runs on, which stays the caller's; null for WebAssembly. */
  readonly gpu: GpuHandle | null;
}

/** A student's session with all that it takes. */
export interface BareStudent {
  readonly entry: ModelEntry;
  readonly session: OrtSession;
  /** The code of the style as its pack sets it. */
  readonly code: StyleCode;
  /** The crop as the student takes it, planar. */
  readonly planes: Float32Array;
  /** Inputs beside the style's: the crop, and the head's rest where the student wants a pose. */
  readonly others: Tensors;
  /** Runs it with these style inputs. Default: those of {@link code}, in the processor's memory. */
  run(style?: Tensors): Promise<void>;
  close(): Promise<void>;
}

/** Opens a student on one crop of one frame. */
export async function openBareStudent({ assetBase, style, modelId, gpu }: StudentChoice, frame: Frame, crop: FaceCrop): Promise<BareStudent> {
  const signal = new AbortController().signal;
  const [manifest, pack] = await Promise.all([loadManifest(assetBase, signal), loadStylePack(assetBase, style, signal)]);
  const part = gpu?.hasHalf ? 'studentFp16' : 'student';
  const model = await createModelStore({ assetBase, manifest, onWarning: () => undefined }).load(modelId, { parts: [part, 'styleHead'], signal });
  const { entry } = model;
  const codes = createStyleCodes({ model, ortWasmBase: `${assetBase}ort/` });
  const code = await codes.get(resolveStyle(pack, {}));
  await codes.close();
  const bridge = createTensorBridge(entry.sizePx);
  const planes = Float32Array.from((await bridge.cut(frame, crop)).data as Float32Array);
  bridge.close();
  const pose = entry.student.inputs['pose'];
  const others = {
    face: floatTensor(planes, [1, 3, entry.sizePx, entry.sizePx]),
    ...(pose ? tensorsOf({ pose: { data: crop.pose ?? new Float32Array(pose[1]!), shape: pose } }) : {}),
  };
  const ofStyle = tensorsOf(code.inputs);
  const session = await createSession(await model.file(part), gpu?.device ?? null, `${assetBase}ort/`);
  return {
    entry,
    session,
    code,
    planes,
    others,
    async run(inputs = ofStyle) {
      for (const output of Object.values(await session.run({ ...others, ...inputs }))) output.dispose();
    },
    close: () => session.close(),
  };
}
