import { growingArray } from '../growing-array.js';

/**
 * Shares out whole groups: no group is in two parts, and the parts come as near to their shares of the rows, and of those of every
 * stratum when stratified, as whole groups allow. Groups are taken from the largest down; each goes where it is missed most (as
 * scikit-learn's StratifiedGroupKFold does for equal parts). It holds twelve bytes a row and some for a group.
 */
export function groupSplitter(rowsOfStratum: ArrayLike<number>, shares: readonly number[], stratify: boolean) {
  const rows = stratify
    ? Array.from(rowsOfStratum)
    : [Array.from(rowsOfStratum).reduce((sum, count) => sum + count, 0)];
  const orders = growingArray((length) => new Float64Array(length));
  const strata = growingArray((length) => new Int32Array(length));
  return {
    /** Once for every row; `order` is its group's. */
    add(stratum: number, order: number): void {
      orders.push(order);
      strata.push(stratify ? stratum : 0);
    },
    /** To be called after the last row: tells the part of a row's group. */
    finish(): (stratum: number, order: number) => number {
      const groups = Float64Array.from(new Set(orders.view().slice().sort()));
      const counts = countByGroup(groups, orders.view(), strata.view(), rows.length);
      const parts = assign(counts, rows, shares);
      return (_stratum, order) => parts[placeIn(groups, order)]!;
    },
  };
}

interface GroupCounts {
  /** Rows of a group. */
  readonly sizes: Float64Array;
  /** Its strata with their rows, flat: group g has entries ends[g - 1] … ends[g] - 1. */
  readonly ends: Int32Array;
  readonly strata: Int32Array;
  readonly rows: Float64Array;
}

function countByGroup(groups: Float64Array, orders: Float64Array, strata: Int32Array, width: number): GroupCounts {
  const sizes = new Float64Array(groups.length);
  // Group and stratum as one number: sorted, equal ones are neighbours.
  const keys = new Float64Array(orders.length);
  orders.forEach((order, row) => {
    const group = placeIn(groups, order);
    sizes[group]!++;
    keys[row] = group * width + strata[row]!;
  });
  keys.sort();
  const found = { strata: growingArray((n) => new Int32Array(n)), rows: growingArray((n) => new Float64Array(n)) };
  const ends = new Int32Array(groups.length);
  for (let start = 0, end: number; start < keys.length; start = end) {
    for (end = start + 1; end < keys.length && keys[end] === keys[start];) end++;
    found.strata.push(keys[start]! % width);
    found.rows.push(end - start);
    ends[Math.floor(keys[start]! / width)] = found.strata.length;
  }
  return { sizes, ends, strata: found.strata.view(), rows: found.rows.view() };
}

function assign(counts: GroupCounts, rows: readonly number[], shares: readonly number[]): Uint8Array {
  const { sizes, ends, strata } = counts;
  const parts = new Uint8Array(sizes.length);
  const have = shares.map(() => new Float64Array(rows.length));
  const groupsOf = shares.map(() => 0);
  const byRank = Int32Array.from(sizes, (_, group) => group).sort((a, b) => sizes[b]! - sizes[a]! || a - b);
  const each = (group: number, work: (stratum: number, count: number) => void): void => {
    for (let i = group === 0 ? 0 : ends[group - 1]!; i < ends[group]!; i++) work(strata[i]!, counts.rows[i]!);
  };
  byRank.forEach((group, rank) => {
    // As many groups are left as parts are empty: each of those gets one.
    const empty = groupsOf.filter((count) => count === 0).length;
    const mustFill = byRank.length - rank <= empty;
    let [best, least] = [0, Infinity];
    shares.forEach((share, part) => {
      if (mustFill && groupsOf[part]! > 0) return;
      let cost = 0;
      each(group, (stratum, count) => {
        const excess = have[part]![stratum]! - share * rows[stratum]!;
        cost += ((excess + count) ** 2 - excess ** 2) / rows[stratum]!;
      });
      if (cost < least) [best, least] = [part, cost];
    });
    parts[group] = best;
    groupsOf[best]!++;
    each(group, (stratum, count) => (have[best]![stratum]! += count));
  });
  return parts;
}

/** Place of a value that is in a sorted array. */
function placeIn(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
