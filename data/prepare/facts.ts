/**
 * Facts of rows: what each row is by itself, in a few fixed-size columns. survey.ts finds them, row by row; decide.ts compares
 * rows by them alone and never sees a text or an image. A step of cleaning that looks at one row belongs to the first, one that
 * looks at several to the second.
 */
import { growingArray } from '../growing-array.js';
import type { Sketch } from '../near/near-pairs.js';

/** What a row's own cells say of it. */
export const rowStates = ['sound', 'empty', 'unreadable', 'short', 'long', 'small'] as const;
export type RowState = (typeof rowStates)[number];

export interface RowFacts {
  readonly state: RowState;
  /** 128 bits of the row's content; rows of equal content are twins. Only where duplicates are looked for. */
  readonly content: Uint8Array | null;
  /** A number in [0, 2^48) of the label: unlike for unlike labels. Only where duplicates are looked for. */
  readonly labelKey: number;
  /** What rows are split by together: a hash of seed and content, or of seed and group; or a time. Else 0. */
  readonly order: number;
  /** Classes, each once; none of a row that is not sound. */
  readonly classes: readonly string[];
  /** The number to predict, or NaN. */
  readonly value: number;
  /** Index into `splits` of the split that the row says by itself, in a column or by a hash; else 0. */
  readonly split: number;
  /** What it is compared with others by; null: with none. */
  readonly sketch: Sketch | null;
  /** Line of the file on which the row begins. */
  readonly line: number;
  /** Where it is, in words, if line and file do not tell: of images. */
  readonly place: string | null;
}

export const CONTENT_BYTES = 16;

/** Facts of rows that follow each other, a column each. */
export interface FactsBatch {
  /** Place of the first row in the source, from 0. */
  readonly firstRow: number;
  readonly rows: number;
  /** Index into `rowStates`. */
  readonly state: Uint8Array;
  /** CONTENT_BYTES a row, back to back; empty where no duplicates are looked for. */
  readonly content: Uint8Array;
  readonly labelKey: Float64Array;
  readonly order: Float64Array;
  /** Numbers of the classes of row i: classes[classEnds[i - 1]] … classes[classEnds[i] - 1]; `classNames` has their names. */
  readonly classes: Int32Array;
  readonly classEnds: Int32Array;
  readonly classNames: readonly string[];
  readonly value: Float64Array;
  readonly split: Uint8Array;
  /** Sketches back to back, as `classes` has its numbers; none where rows are not compared. See near/near-pairs.ts. */
  readonly bands: Uint32Array;
  readonly bandEnds: Int32Array;
  readonly pieces: Uint32Array;
  readonly pieceEnds: Int32Array;
  readonly line: Float64Array;
  /** Places in words, as UTF-8, back to back as `classes` has its numbers; none where line and file tell. */
  readonly place: Uint8Array;
  readonly placeEnds: Int32Array;
}

/** Where a row of a batch is, in words; null: line and file tell. */
export function placeAt({ place, placeEnds }: FactsBatch, row: number): string | null {
  const from = row === 0 ? 0 : placeEnds[row - 1];
  const text = Buffer.from(place.subarray(from, placeEnds[row])).toString();
  return text === '' ? null : text;
}

/** The sketch of a row of a batch. */
export function sketchAt({ bands, bandEnds, pieces, pieceEnds }: FactsBatch, row: number): Sketch | null {
  const of = (words: Uint32Array, ends: Int32Array) => words.subarray(row === 0 ? 0 : ends[row - 1], ends[row]);
  const sketch = { bands: of(bands, bandEnds), pieces: of(pieces, pieceEnds) };
  return sketch.bands.length === 0 ? null : sketch;
}

/** The classes of a row of a batch, as numbers of the batch. */
export const classesAt = ({ classes, classEnds }: FactsBatch, row: number): Int32Array =>
  classes.subarray(row === 0 ? 0 : classEnds[row - 1], classEnds[row]);

/** Collects the facts of the rows of a part, in batches. */
export function factsCollector() {
  const state = growingArray((length) => new Uint8Array(length));
  const content = growingArray((length) => new Uint8Array(length));
  const labelKey = growingArray((length) => new Float64Array(length));
  const order = growingArray((length) => new Float64Array(length));
  const classes = growingArray((length) => new Int32Array(length));
  const classEnds = growingArray((length) => new Int32Array(length));
  const value = growingArray((length) => new Float64Array(length));
  const split = growingArray((length) => new Uint8Array(length));
  const bands = growingArray((length) => new Uint32Array(length));
  const bandEnds = growingArray((length) => new Int32Array(length));
  const pieces = growingArray((length) => new Uint32Array(length));
  const pieceEnds = growingArray((length) => new Int32Array(length));
  const line = growingArray((length) => new Float64Array(length));
  const place = growingArray((length) => new Uint8Array(length));
  const placeEnds = growingArray((length) => new Int32Array(length));
  const numbers = new Map<string, number>();
  return {
    add(facts: RowFacts): void {
      state.push(rowStates.indexOf(facts.state));
      if (facts.content !== null) content.append(facts.content);
      labelKey.push(facts.labelKey);
      order.push(facts.order);
      for (const name of facts.classes) {
        const number = numbers.get(name) ?? numbers.size;
        numbers.set(name, number);
        classes.push(number);
      }
      classEnds.push(classes.length);
      value.push(facts.value);
      split.push(facts.split);
      if (facts.sketch !== null) {
        bands.append(facts.sketch.bands);
        pieces.append(facts.sketch.pieces);
      }
      bandEnds.push(bands.length);
      pieceEnds.push(pieces.length);
      line.push(facts.line);
      if (facts.place !== null) {
        place.append(Buffer.from(facts.place));
        placeEnds.push(place.length);
      }
    },
    get rows() {
      return state.length;
    },
    /** By their numbers; those of all batches so far. */
    classNames: (): string[] => [...numbers.keys()],
    /** What was collected, as views that are valid until the next row is added; then empty again. */
    take(): Omit<FactsBatch, 'firstRow' | 'classNames'> {
      const rows = state.length;
      const views = {
        state: state.view(),
        content: content.view(),
        labelKey: labelKey.view(),
        order: order.view(),
        classes: classes.view(),
        classEnds: classEnds.view(),
        value: value.view(),
        split: split.view(),
        bands: bands.view(),
        bandEnds: bandEnds.view(),
        pieces: pieces.view(),
        pieceEnds: pieceEnds.view(),
        line: line.view(),
        place: place.view(),
        placeEnds: placeEnds.view(),
      };
      for (const column of [state, content, labelKey, order, classes, classEnds, value, split]) column.clear();
      for (const column of [bands, bandEnds, pieces, pieceEnds, line, place, placeEnds]) column.clear();
      return { rows, ...views };
    },
  };
}
