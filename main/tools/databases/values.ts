/** A value as it is answered: JSON's own kinds, and text for what JSON cannot say. */
export type Cell =
  | string
  | number
  | boolean
  | null
  | { readonly [key: string]: unknown }
  | readonly unknown[];

/** Characters of a text that are shown, and bytes of a binary. */
const TEXT = 1000;
const BYTES = 16;
/** The same in a row that has no room. */
const NARROW = 40;

/** Shapes values, and counts those that were shortened. */
export class Shaper {
  shortened = 0;
  readonly #max: number;

  constructor(narrow = false) {
    this.#max = narrow ? NARROW : TEXT;
  }

  /** Text longer than is shown says how long it is. */
  text(value: string): string {
    if (value.length <= this.#max) return value;
    this.shortened++;
    // Never half of a pair.
    const end = /[\ud800-\udbff]/.test(value[this.#max - 1] ?? '') ? this.#max - 1 : this.#max;
    return `${value.slice(0, end)}… (${value.length} characters)`;
  }

  /** Numbers that JSON would change become text. */
  number(value: number): number | string {
    return Number.isFinite(value) ? value : String(value);
  }

  integer(value: bigint): number | string {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }

  /** @param length - of the whole, in bytes; `head` is at least its first 16 */
  binary(head: Uint8Array, length = head.length): string {
    const hex = Buffer.from(head.subarray(0, BYTES)).toString('hex');
    if (length <= BYTES) return `<blob ${length} bytes: ${hex}>`;
    this.shortened++;
    return `<blob ${length} bytes: ${hex}…>`;
  }

  /** JSON text as what it says, when it is short. */
  json(text: string): Cell {
    if (text.length > this.#max) return this.text(text);
    try {
      return JSON.parse(text) as Cell;
    } catch {
      return text;
    }
  }
}

export interface PageRoom {
  readonly rows: number;
  /** Of JSON. */
  readonly bytes: number;
}

/** Rows within room: the first is always taken, narrowed if it must be. */
export class Page {
  readonly rows: Cell[][] = [];
  bytes = 0;
  shortened = 0;
  readonly #room: PageRoom;

  constructor(room: PageRoom) {
    this.#room = room;
  }

  get full(): boolean {
    return this.rows.length >= this.#room.rows;
  }

  /** @returns false where it has no room; the row belongs to the next page */
  add(shape: (shaper: Shaper) => Cell[]): boolean {
    const shaper = new Shaper();
    let row = shape(shaper);
    let size = sizeOf(row);
    let used = shaper;
    if (this.bytes + size > this.#room.bytes) {
      if (this.rows.length > 0) return false;
      used = new Shaper(true);
      row = shape(used);
      size = sizeOf(row);
    }
    this.rows.push(row);
    this.bytes += size;
    this.shortened += used.shortened;
    return true;
  }
}

function sizeOf(row: readonly Cell[]): number {
  return Buffer.byteLength(JSON.stringify(row)) + 1;
}
