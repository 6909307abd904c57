/**
 * Changes to a TensorFlow Lite model that MediaPipe's tasks ask for: metadata that states the
 * input's normalisation, and further operators behind the existing ones.
 * Slot numbers are those of TensorFlow Lite's public `schema.fbs` and `metadata_schema.fbs`.
 */

import { fieldAt, follow, intsAt, tablesAt, writeFlatBuffer, type FlatNode } from './flatbuffer';

const MODEL = { version: 0, operatorCodes: 1, subgraphs: 2, description: 3, buffers: 4, metadata: 6, signatures: 7 };
const SUBGRAPH = { tensors: 0, inputs: 1, outputs: 2, operators: 3, name: 4 };
const TENSOR = { shape: 0, type: 1, buffer: 2, name: 3 };
const OPERATOR_CODE = { deprecatedCode: 0, version: 2, code: 3 };
const OPERATOR = { code: 0, inputs: 1, outputs: 2, optionsType: 3, options: 4 };

/** Number formats of tensors, as the schema counts them. */
export const TENSOR_TYPE = { float32: 0, int32: 2 } as const;

/** A tensor to be added. */
export interface NewTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: number;
  /** Values of a constant; none for the result of an operator. */
  readonly data?: Uint8Array;
}

/** An operator to be added; tensors are numbered old ones first. */
export interface NewOperator {
  /** Number of the built-in operator, below 127. */
  readonly builtin: number;
  readonly version: number;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Number of the options table in the schema's union, and its fields. */
  readonly optionsType: number;
  readonly options: Readonly<Record<number, number>>;
}

/** What is known of a model's tensors. */
export interface ModelShape {
  readonly tensorCount: number;
  /** Outputs in order: tensor number and shape. */
  readonly outputs: readonly { readonly tensor: number; readonly shape: readonly number[] }[];
}

/** What {@link extendModel} adds. */
export interface ModelAdditions {
  readonly tensors?: readonly NewTensor[];
  readonly operators?: readonly NewOperator[];
  /** Tensors that become the outputs. Default: as they were. */
  readonly outputs?: readonly number[];
  /** The metadata buffer. */
  readonly metadata: Uint8Array;
}

/** The image normalisation `(value − mean) / std` on 0…255, as a metadata buffer. */
export function normalisationMetadata(name: string, mean: number, std: number): Uint8Array {
  const normalisation: FlatNode = { table: { 0: { floats: [mean] }, 1: { floats: [std] } } };
  const rgbImage: FlatNode = { table: { 0: 2, 1: { table: { 0: 1 } } } };
  const input: FlatNode = {
    table: {
      0: { text: 'image' },
      3: rgbImage,
      4: { tables: [{ table: { 0: 1, 1: normalisation } }] },
    },
  };
  return writeFlatBuffer(
    { table: { 0: { text: name }, 3: { tables: [{ table: { 2: { tables: [input] } } }] } } },
    'M001',
  );
}

/** Reads the shape of a model with one subgraph. */
export function readModelShape(model: Uint8Array): ModelShape {
  const view = viewOf(model);
  const subgraph = onlySubgraph(view);
  const tensors = tablesAt(view, fieldAt(view, subgraph, SUBGRAPH.tensors));
  return {
    tensorCount: tensors.length,
    outputs: intsAt(view, fieldAt(view, subgraph, SUBGRAPH.outputs)).map((tensor) => ({
      tensor,
      shape: intsAt(view, fieldAt(view, tensors[tensor] ?? 0, TENSOR.shape)),
    })),
  };
}

/** The model with metadata, and with the given tensors and operators behind its own. */
export function extendModel(model: Uint8Array, additions: ModelAdditions): Uint8Array {
  const { tensors = [], operators = [], outputs, metadata } = additions;
  const view = viewOf(model);
  const root = view.getUint32(0, true);
  const subgraph = onlySubgraph(view);
  const keptTables = (table: number, slot: number): FlatNode[] =>
    tablesAt(view, fieldAt(view, table, slot)).map((existing) => ({ existing }));
  const keptField = (table: number, slot: number): FlatNode | undefined => {
    const at = fieldAt(view, table, slot);
    return at === undefined ? undefined : { existing: follow(view, at) };
  };

  const codes = keptTables(root, MODEL.operatorCodes);
  const buffers = keptTables(root, MODEL.buffers);
  const addBuffer = (data: Uint8Array): number => buffers.push({ table: { 0: { bytes: data } } }) - 1;

  const newTensors = tensors.map(({ name, shape, type, data }): FlatNode => ({
    table: {
      [TENSOR.shape]: { ints: shape },
      [TENSOR.type]: type,
      // Buffer 0 is empty by convention and marks a tensor that is computed.
      [TENSOR.buffer]: data === undefined ? 0 : addBuffer(data),
      [TENSOR.name]: { text: name },
    },
  }));
  const newOperators = operators.map((operator): FlatNode => ({
    table: {
      [OPERATOR.code]:
        codes.push({
          table: {
            [OPERATOR_CODE.deprecatedCode]: operator.builtin,
            [OPERATOR_CODE.version]: operator.version,
            [OPERATOR_CODE.code]: operator.builtin,
          },
        }) - 1,
      [OPERATOR.inputs]: { ints: operator.inputs },
      [OPERATOR.outputs]: { ints: operator.outputs },
      [OPERATOR.optionsType]: operator.optionsType,
      [OPERATOR.options]: { table: operator.options },
    },
  }));
  const metadataBuffer = addBuffer(metadata);

  const newSubgraph: FlatNode = {
    table: {
      [SUBGRAPH.tensors]: { tables: [...keptTables(subgraph, SUBGRAPH.tensors), ...newTensors] },
      [SUBGRAPH.inputs]: keptField(subgraph, SUBGRAPH.inputs),
      [SUBGRAPH.outputs]:
        outputs === undefined ? keptField(subgraph, SUBGRAPH.outputs) : { ints: outputs },
      [SUBGRAPH.operators]: { tables: [...keptTables(subgraph, SUBGRAPH.operators), ...newOperators] },
      [SUBGRAPH.name]: keptField(subgraph, SUBGRAPH.name),
    },
  };
  const versionAt = fieldAt(view, root, MODEL.version);
  return writeFlatBuffer(
    {
      table: {
        [MODEL.version]: versionAt === undefined ? 3 : view.getUint32(versionAt, true),
        [MODEL.operatorCodes]: { tables: codes },
        [MODEL.subgraphs]: { tables: [newSubgraph] },
        [MODEL.description]: keptField(root, MODEL.description),
        [MODEL.buffers]: { tables: buffers },
        [MODEL.metadata]: {
          tables: [{ table: { 0: { text: 'TFLITE_METADATA' }, 1: metadataBuffer } }],
        },
        [MODEL.signatures]: keptField(root, MODEL.signatures),
      },
    },
    'TFL3',
    model,
  );
}

function viewOf(model: Uint8Array): DataView {
  return new DataView(model.buffer, model.byteOffset, model.byteLength);
}

function onlySubgraph(view: DataView): number {
  const [subgraph, ...others] = tablesAt(view, fieldAt(view, view.getUint32(0, true), MODEL.subgraphs));
  if (subgraph === undefined || others.length > 0) {
    throw new Error('The TensorFlow Lite model must have exactly one subgraph.');
  }
  return subgraph;
}
