import type { NumberArray, StyleCode } from '../types';
import { floatTensor, gpuTensor, type SessionDevice, type Tensor, type Tensors } from './ort-runtime';

/** The part of the student's inputs that a style decides, where the network runs. Owns what it puts there. */
export interface StyleInputs {
  /** The code's inputs as tensors, the same ones until another code comes; the caller does not dispose them. */
  of(code: StyleCode): Tensors;
  /** Frees them; the next {@link of} puts them there anew. */
  clear(): void;
}

/** A tensor whose numbers can be replaced. */
interface Slot {
  readonly tensor: Tensor;
  readonly length: number;
  write(data: Float32Array): void;
}

/**
 * Keeps style inputs for one device. On a GPU they are copied into buffers once for each change of style; on WebAssembly
 * the runtime copies them into its memory at each run, and there is no way around that.
 */
export function createStyleInputs(device: SessionDevice): StyleInputs {
  const slots = new Map<string, Slot>();
  let current: { readonly code: StyleCode; readonly tensors: Tensors } | undefined;

  /** Puts an input where the network runs; a buffer that is there already is used again. */
  function put(on: GPUDevice, name: string, { data, shape }: NumberArray): Tensor {
    const known = slots.get(name);
    if (known?.length === data.length) {
      known.write(data);
      return known.tensor;
    }
    known?.tensor.dispose();
    const slot = { ...gpuTensor(on, shape), length: data.length };
    slots.set(name, slot);
    slot.write(data);
    return slot.tensor;
  }

  function clear(): void {
    for (const { tensor } of slots.values()) tensor.dispose();
    slots.clear();
    current = undefined;
  }

  return {
    of(code) {
      if (current?.code === code) return current.tensors;
      const tensors = Object.fromEntries(
        Object.entries(code.inputs).map(([name, array]) => [name, device ? put(device, name, array) : floatTensor(array.data, array.shape)]),
      );
      current = { code, tensors };
      return tensors;
    },
    clear,
  };
}
