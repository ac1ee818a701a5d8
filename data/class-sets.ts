import { growingArray } from './growing-array.js';

/** The classes of every row, flat: one, any number, or the different tags of its words. */
export interface ClassSets {
  readonly rows: number;
  /** Indices of a row's classes in the label map, each once. */
  of(row: number): Int32Array;
}

/** Collects class names as they come; their final numbers are known when all were seen. */
export function classCollector() {
  const numbers = new Map<string, number>();
  const rowsPerLabel = new Map<string, number>();
  const classes = growingArray((length) => new Int32Array(length));
  const ends = growingArray((length) => new Int32Array(length));
  return {
    rowsPerLabel: rowsPerLabel as ReadonlyMap<string, number>,
    /** Once for every row; a row that is left out has none. */
    add(names: readonly string[]): void {
      for (const name of new Set(names)) {
        const number = numbers.get(name) ?? numbers.size;
        numbers.set(name, number);
        rowsPerLabel.set(name, (rowsPerLabel.get(name) ?? 0) + 1);
        classes.push(number);
      }
      ends.push(classes.length);
    },
    /** The sets by the label map's numbers. */
    finish(map: ReadonlyMap<string, number>): ClassSets {
      const place = Int32Array.from(numbers.keys(), (name) => map.get(name)!);
      const flat = classes.view().map((number) => place[number]!);
      const end = ends.view();
      return { rows: end.length, of: (row) => flat.subarray(row === 0 ? 0 : end[row - 1], end[row]) };
    },
  };
}

/**
 * What a row counts as when a split is stratified: its class; of several the rarest, so that rare ones are shared out, too;
 * `classes` for a row without any.
 */
export function strataOf(sets: ClassSets, classes: number): Int32Array {
  const rows = new Int32Array(classes);
  for (let row = 0; row < sets.rows; row++) for (const label of sets.of(row)) rows[label]!++;
  return Int32Array.from({ length: sets.rows }, (_, row) =>
    sets.of(row).reduce((rarest, label) => {
      if (rarest === classes) return label;
      return rows[label]! < rows[rarest]! || (rows[label] === rows[rarest] && label < rarest) ? label : rarest;
    }, classes),
  );
}
