/**
 * Pairs of rows that are nearly the same, of any number of rows: bands and sketches go to disk where they are many, and are
 * compared a partition at a time. The same rows give the same pairs.
 */
import { sketchStore } from './sketch-store.js';
import { spill } from './spill.js';

export interface Sketch {
  /** Rows with an equal band are compared. */
  readonly bands: Uint32Array;
  /** What the similarity is told from. */
  readonly pieces: Uint32Array;
}

export interface NearPair {
  readonly row: number;
  /** A row before it. */
  readonly earlier: number;
  readonly similarity: number;
}

export interface NearOptions {
  readonly threshold: number;
  readonly similarity: (a: Uint32Array, b: Uint32Array) => number;
  /** 64-bit words in memory before they go to disk. */
  readonly inMemory?: number;
}

const PARTITIONS = 256;

/**
 * In a band of more rows a row is compared with the first and the last ones before it only: what a million rows have in common
 * (the same footer) makes no million times a million pairs. All rows of the same content meet the first of them.
 */
const FIRST = 16;
const LAST = 16;

export function nearPairs({ threshold, similarity, inMemory }: NearOptions) {
  const bands = spill(PARTITIONS, inMemory);
  const candidates = spill(PARTITIONS, inMemory);
  const sketches = sketchStore(inMemory);
  let rows = 0;
  let collected = false;

  /** Rows of a candidate partition follow each other, so that the pairs come in the order of rows. */
  const partitionOf = (row: number): number => Math.floor((row * PARTITIONS) / rows);

  function collectCandidates(): void {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const sorted = bands.sorted(partition);
      for (let start = 0, end: number; start < sorted.length; start = end) {
        const key = sorted[start]! >> 32n;
        for (end = start + 1; end < sorted.length && sorted[end]! >> 32n === key;) end++;
        for (let at = start + 1; at < end; at++) {
          const row = sorted[at]! & 0xffffffffn;
          const into = partitionOf(Number(row));
          for (let other = start; other < at; other++) {
            if (other === start + FIRST) other = Math.max(other, at - LAST);
            candidates.push(into, (row << 32n) | (sorted[other]! & 0xffffffffn));
          }
        }
      }
    }
  }

  return {
    /** Once for every row, in order; null: it is compared with none. */
    add(sketch: Sketch | null): void {
      const row = BigInt(rows++);
      sketches.push(sketch?.pieces ?? null);
      sketch?.bands.forEach((key, band) => {
        // 40 bits tell bands apart: 8 in the partition, 32 in the key.
        const partition = Math.imul(key ^ Math.imul(band + 1, 0x9e3779b1), 0x85ebca6b) >>> 24;
        bands.push(partition, (BigInt(key) << 32n) | row);
      });
    },

    /** In the order of `row`, then of `earlier`. To be called after the last add(), as often as wanted. */
    *pairs(): Generator<NearPair> {
      if (rows === 0) return;
      if (!collected) collectCandidates();
      collected = true;
      for (let partition = 0; partition < PARTITIONS; partition++) {
        let before = -1n;
        for (const pair of candidates.sorted(partition)) {
          if (pair === before) continue;
          before = pair;
          const [row, earlier] = [Number(pair >> 32n), Number(pair & 0xffffffffn)];
          const found = similarity(sketches.at(row), sketches.at(earlier));
          if (found >= threshold) yield { row, earlier, similarity: found };
        }
      }
    },

    close(): void {
      bands.close();
      candidates.close();
      sketches.close();
    },
  };
}
