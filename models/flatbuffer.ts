/**
 * The little of FlatBuffers that changing a TensorFlow Lite model takes: reading fields in place,
 * and putting new objects in front of an existing buffer.
 *
 * Offsets in a FlatBuffer only point forward. A new root with new vectors can therefore stand
 * before the old bytes and point into them, and the old bytes stay exactly as they are.
 */

/** Position of field `slot` of the table at `table`, or undefined where the field is left out. */
export function fieldAt(view: DataView, table: number, slot: number): number | undefined {
  const vtable = table - view.getInt32(table, true);
  const entry = 4 + 2 * slot;
  if (entry >= view.getUint16(vtable, true)) return undefined;
  const offset = view.getUint16(vtable + entry, true);
  return offset === 0 ? undefined : table + offset;
}

/** Position of the object that the offset at `at` points to. */
export function follow(view: DataView, at: number): number {
  return at + view.getUint32(at, true);
}

/** Positions of the tables in the vector that the field at `at` points to; none without a field. */
export function tablesAt(view: DataView, at: number | undefined): number[] {
  if (at === undefined) return [];
  const vector = follow(view, at);
  return Array.from({ length: view.getUint32(vector, true) }, (_, i) =>
    follow(view, vector + 4 + 4 * i),
  );
}

/** The numbers of the int32 vector that the field at `at` points to; none without a field. */
export function intsAt(view: DataView, at: number | undefined): number[] {
  if (at === undefined) return [];
  const vector = follow(view, at);
  return Array.from({ length: view.getUint32(vector, true) }, (_, i) =>
    view.getInt32(vector + 4 + 4 * i, true),
  );
}

/** An object to be written. */
export type FlatNode =
  /** A table: its fields by slot. Numbers take four bytes each; a byte-sized field is their lowest. */
  | { readonly table: Readonly<Record<number, number | FlatNode | undefined>> }
  | { readonly tables: readonly FlatNode[] }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] }
  | { readonly bytes: Uint8Array }
  | { readonly text: string }
  /** An object of the old buffer, by its position there. */
  | { readonly existing: number };

/** Alignment of a TensorFlow Lite buffer's data. */
const DATA_ALIGNMENT = 16;
/** The old buffer keeps every alignment it had if it begins at a multiple of this. */
const TAIL_ALIGNMENT = 64;

class FlatWriter {
  readonly #bytes: number[] = [];
  readonly #intoTail: { hole: number; target: number }[] = [];

  writeRoot(root: FlatNode, identifier: string): void {
    const hole = this.#int(0);
    this.#push(new TextEncoder().encode(identifier));
    this.#link(hole, root);
  }

  finish(tail: Uint8Array): Uint8Array {
    this.#align(TAIL_ALIGNMENT);
    const start = this.#bytes.length;
    const out = new Uint8Array(start + tail.length);
    out.set(this.#bytes);
    out.set(tail, start);
    const view = new DataView(out.buffer);
    for (const { hole, target } of this.#intoTail) view.setUint32(hole, start + target - hole, true);
    return out;
  }

  /** Writes what `hole` shall point to. Children come after their parent, so offsets point forward. */
  #link(hole: number, node: FlatNode): void {
    if ('existing' in node) {
      this.#intoTail.push({ hole, target: node.existing });
      return;
    }
    const target = this.#write(node);
    this.#patch(hole, target - hole);
  }

  #write(node: Exclude<FlatNode, { existing: number }>): number {
    if ('table' in node) return this.#table(node.table);
    if ('tables' in node) {
      this.#align(4);
      const start = this.#int(node.tables.length);
      const holes = node.tables.map(() => this.#int(0));
      node.tables.forEach((child, i) => this.#link(holes[i] ?? start, child));
      return start;
    }
    if ('ints' in node) return this.#vector(new Uint8Array(Int32Array.from(node.ints).buffer), 4, 4);
    if ('floats' in node) {
      return this.#vector(new Uint8Array(Float32Array.from(node.floats).buffer), 4, 4);
    }
    if ('bytes' in node) return this.#vector(node.bytes, 1, DATA_ALIGNMENT);
    const start = this.#vector(new TextEncoder().encode(node.text), 1, 4);
    this.#bytes.push(0);
    return start;
  }

  #table(fields: Readonly<Record<number, number | FlatNode | undefined>>): number {
    const present = Object.entries(fields)
      .filter((entry): entry is [string, number | FlatNode] => entry[1] !== undefined)
      .map(([slot, value]) => ({ slot: Number(slot), value }));
    const slots = Math.max(...present.map(({ slot }) => slot)) + 1;
    this.#align(4);
    const vtable = this.#bytes.length;
    this.#short(4 + 2 * slots);
    this.#short(4 + 4 * present.length);
    for (let slot = 0; slot < slots; slot++) {
      const place = present.findIndex((field) => field.slot === slot);
      this.#short(place < 0 ? 0 : 4 + 4 * place);
    }
    this.#align(4);
    const start = this.#int(this.#bytes.length - vtable);
    const holes = present.map(({ value }) => this.#int(typeof value === 'number' ? value : 0));
    present.forEach(({ value }, i) => {
      if (typeof value !== 'number') this.#link(holes[i] ?? start, value);
    });
    return start;
  }

  #vector(data: Uint8Array, itemSize: number, alignment: number): number {
    while ((this.#bytes.length + 4) % alignment !== 0) this.#bytes.push(0);
    const start = this.#int(data.length / itemSize);
    this.#push(data);
    return start;
  }

  #align(alignment: number): void {
    while (this.#bytes.length % alignment !== 0) this.#bytes.push(0);
  }

  #push(data: Uint8Array): void {
    for (const byte of data) this.#bytes.push(byte);
  }

  #short(value: number): void {
    this.#bytes.push(value & 255, (value >> 8) & 255);
  }

  #int(value: number): number {
    const at = this.#bytes.length;
    this.#short(value);
    this.#short(value >> 16);
    return at;
  }

  #patch(at: number, value: number): void {
    for (let i = 0; i < 4; i++) this.#bytes[at + i] = (value >>> (8 * i)) & 255;
  }
}

/**
 * Writes a FlatBuffer.
 * @param root Its root table.
 * @param identifier Four characters of file identification.
 * @param tail An existing buffer that nodes marked `existing` point into. Default none.
 */
export function writeFlatBuffer(
  root: FlatNode,
  identifier: string,
  tail: Uint8Array = new Uint8Array(),
): Uint8Array {
  const writer = new FlatWriter();
  writer.writeRoot(root, identifier);
  return writer.finish(tail);
}
