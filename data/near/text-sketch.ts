/**
 * Texts that are nearly the same, without comparing all with all (Broder, 1997): a text is the set of its five-letter pieces;
 * two texts are as similar as the share of pieces that they have in common (Jaccard). Texts that may be similar enough are found by
 * equal bands of their MinHash signatures, then compared by the pieces themselves.
 */

/** Letters of a piece: enough that few pieces are in every text, also of languages without blanks. */
const PIECE = 5;

/** Pieces that are kept for the comparison: those of the smallest hashes. */
export const KEPT_PIECES = 256;

export interface TextSketch {
  /** One 32-bit key for each band: texts with an equal one are compared. */
  readonly bands: Uint32Array;
  /** Hashes of the pieces, ascending, each once; of more than KEPT_PIECES the smallest. */
  readonly pieces: Uint32Array;
}

export interface BandPlan {
  readonly bands: number;
  /** MinHashes of a band. */
  readonly rows: number;
}

/** MinHashes of a signature, at most. */
const SIGNATURE = 128;

/** Share of the pairs of just this similarity that have an equal band. */
export const foundShare = (similarity: number, { bands, rows }: BandPlan): number =>
  1 - (1 - similarity ** rows) ** bands;

/** The bands with the fewest pairs in vain that still find 99.5 % of those at the threshold, and more above it. */
export function bandPlan(similarity: number): BandPlan {
  let best: BandPlan = { bands: SIGNATURE, rows: 1 };
  for (let rows = 2; rows <= 16; rows++) {
    const plan = { bands: Math.floor(SIGNATURE / rows), rows };
    if (foundShare(similarity, plan) >= 0.995) best = plan;
  }
  return best;
}

/** Of a text without letters and digits there is none. */
export function textSketcher(plan: BandPlan): (text: string) => TextSketch | null {
  const size = plan.bands * plan.rows;
  const least = new Uint32Array(size);
  const filled = new Uint8Array(size);
  let hashes = new Uint32Array(1024);

  return (text) => {
    const plain = plainOf(text);
    if (plain.length === 0) return null;
    const count = Math.max(1, plain.length - PIECE + 1);
    if (hashes.length < count) hashes = new Uint32Array(count * 2);
    hashPieces(plain, hashes, count);
    const bands = bandsOf(hashes.subarray(0, count));
    return { bands, pieces: smallest(hashes.subarray(0, count)) };
  };

  /** One-permutation MinHash (Li, Owen and Zhang, 2012): a piece counts in one place of the signature only, so each is hashed once. */
  function bandsOf(pieces: Uint32Array): Uint32Array {
    filled.fill(0);
    for (const piece of pieces) {
      const place = (mix(piece ^ 0x9e3779b9) * size) / 2 ** 32;
      const at = Math.floor(place);
      const value = mix(piece ^ 0x85ebca6b);
      if (filled[at] === 1 && least[at]! <= value) continue;
      least[at] = value;
      filled[at] = 1;
    }
    const keys = new Uint32Array(plan.bands);
    for (let band = 0; band < plan.bands; band++) {
      let key = band;
      for (let row = 0; row < plan.rows; row++) key = mix(Math.imul(key, 31) + valueAt(band * plan.rows + row));
      keys[band] = key;
    }
    return keys;
  }

  /** A place that no piece fell into borrows from one that has (optimal densification: Shrivastava, 2017). */
  function valueAt(place: number): number {
    let at = place;
    for (let attempt = 1; filled[at] === 0; attempt++) at = mix(place + Math.imul(attempt, 0x9e3779b1)) % size;
    return at === place ? least[at]! : mix(least[at]! + place);
  }
}

/**
 * Share of the pieces of both that are in both; where one has more than KEPT_PIECES it is an estimate from the 256 smallest of
 * their union (bottom-k sketch), whose standard error is at most 3 %.
 */
export function similarityOf(a: Uint32Array, b: Uint32Array): number {
  const whole = a.length < KEPT_PIECES && b.length < KEPT_PIECES;
  const limit = whole ? Infinity : KEPT_PIECES;
  let [i, j, both, seen] = [0, 0, 0, 0];
  while (seen < limit && (i < a.length || j < b.length)) {
    if (!whole && (i === a.length || j === b.length)) {
      // Of a text with few pieces all are known; of one with more those up to the last are.
      if ((i === a.length ? a : b).length === KEPT_PIECES) break;
    }
    seen++;
    const [left, right] = [a[i] ?? Infinity, b[j] ?? Infinity];
    if (left === right) both++;
    if (left <= right) i++;
    if (right <= left) j++;
  }
  return seen === 0 ? 0 : both / seen;
}

/** Letters and digits in lower case; all else is one blank. */
const plainOf = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, ' ')
    .trim();

function hashPieces(text: string, hashes: Uint32Array, count: number): void {
  for (let start = 0; start < count; start++) {
    let hash = 0x811c9dc5;
    for (let i = start; i < start + PIECE; i++) hash = Math.imul(hash, 0x01000193) ^ (text.charCodeAt(i) | 0);
    hashes[start] = mix(hash);
  }
}

/** Sorted, each once, at most KEPT_PIECES. */
function smallest(hashes: Uint32Array): Uint32Array {
  // What lies below this bound are a third more than are wanted, where all differ; sorting those alone is faster.
  const bound = (KEPT_PIECES * 1.4 * 2 ** 32) / hashes.length;
  const few = hashes.length > KEPT_PIECES * 2 ? hashes.filter((hash) => hash < bound) : hashes.slice();
  const kept = distinct(few);
  if (kept.length >= KEPT_PIECES || few.length === hashes.length) return kept.slice(0, KEPT_PIECES);
  return distinct(hashes.slice()).slice(0, KEPT_PIECES);
}

function distinct(values: Uint32Array): Uint32Array {
  values.sort();
  let length = 0;
  for (const value of values) if (length === 0 || values[length - 1] !== value) values[length++] = value;
  return values.subarray(0, length);
}

/** splitmix32's finaliser (Steele et al., 2014). */
function mix(x: number): number {
  let z = x | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}
