/** Writes small ONNX files (protocol buffers), so that tests run real networks whose every number they know. */

/** Input or output of a graph: name and shape, single precision. */
export type Port = readonly [name: string, shape: readonly number[]];

/** A constant of a graph. */
export interface Constant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

/** An operator: type, inputs, output, whole-number attributes. */
export interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, number>>;
}

/** A network. */
export interface Graph {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly constants: readonly Constant[];
  readonly nodes: readonly Node[];
}

const IR_VERSION = 8;
const OPSET = 17;
const FLOAT = 1;
const INT64 = 7;
const ATTRIBUTE_INT = 2;

/** The bytes of a network as an ONNX file. */
export function writeOnnx(graph: Graph): Uint8Array {
  const body = [
    ...graph.nodes.map((node) => bytes(1, nodeProto(node))),
    text(2, 'graph'),
    ...graph.constants.map((constant) => bytes(5, tensorProto(constant))),
    ...graph.inputs.map((port) => bytes(11, portProto(port))),
    ...graph.outputs.map((port) => bytes(12, portProto(port))),
  ].flat();
  return Uint8Array.from([...int(1, IR_VERSION), ...bytes(7, body), ...bytes(8, int(2, OPSET))]);
}

function nodeProto({ op, inputs, output, attributes = {} }: Node): number[] {
  const list = Object.entries(attributes).map(([name, value]) => bytes(5, [...text(1, name), ...int(3, value), ...int(20, ATTRIBUTE_INT)]));
  return [...inputs.flatMap((name) => text(1, name)), ...text(2, output), ...text(3, output), ...text(4, op), ...list.flat()];
}

function tensorProto({ name, shape, data }: Constant): number[] {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return [...shape.flatMap((edge) => int(1, edge)), ...int(2, data instanceof Float32Array ? FLOAT : INT64), ...text(8, name), ...bytes(9, raw)];
}

function portProto([name, shape]: Port): number[] {
  const dims = shape.flatMap((edge) => bytes(1, int(1, edge)));
  return [...text(1, name), ...bytes(2, bytes(1, [...int(1, FLOAT), ...bytes(2, dims)]))];
}

function text(field: number, value: string): number[] {
  return bytes(field, new TextEncoder().encode(value));
}

function bytes(field: number, value: ArrayLike<number>): number[] {
  return [...varint((field << 3) | 2), ...varint(value.length), ...Array.from(value)];
}

function int(field: number, value: number): number[] {
  return [...varint(field << 3), ...varint(value)];
}

function varint(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) out.push((rest & 0x7f) | 0x80);
  out.push(rest);
  return out;
}
