import { Ranking, rankFigures, type RankFigures } from './ranking.js';

/** Scores kept as they are: 5 bytes each. */
const KEPT = 10_000_000;
const BINS = 65_536;
/** Of all classes together: 128 MiB of counts. */
const ALL_BINS = 2 ** 24;
/** Log-odds that lie further out share the outermost bins. */
const RANGE = 32;

/**
 * Log-odds of every row and class, for the figures of each class against the rest. Up to ten million scores they are exact.
 * Above that only counts in 65,536 bins between -32 and 32 are kept (fewer above 256 classes), and scores of one bin count as
 * tied. Either way the figures do not depend on the order of the rows.
 */
export class ScoreTable {
  #scores = new Float32Array(1024);
  #positive = new Uint8Array(1024);
  #used = 0;
  #binned: Binned | null = null;

  constructor(
    readonly classes: number,
    readonly kept = KEPT,
  ) {}

  /** Bins of each class; null while the figures are exact. */
  get bins(): number | null {
    return this.#binned?.bins ?? null;
  }

  /** One row: `scores` (classes), and whether the row has each class. */
  add(scores: Float32Array, has: (label: number) => boolean): void {
    if (this.#binned === null && this.#used + this.classes > this.kept) this.#bin();
    if (this.#binned !== null) {
      for (let c = 0; c < this.classes; c++) this.#binned.add(c, scores[c]!, has(c));
      return;
    }
    if (this.#used + this.classes > this.#scores.length) this.#grow();
    this.#scores.set(scores, this.#used);
    for (let c = 0; c < this.classes; c++) this.#positive[this.#used + c] = has(c) ? 1 : 0;
    this.#used += this.classes;
  }

  /** AUROC and average precision of each class; null for one that all rows or none have. */
  figures(): RankFigures[] {
    return Array.from({ length: this.classes }, (_, c) => this.#binned?.figures(c) ?? this.#exact(c));
  }

  #exact(label: number): RankFigures {
    const sides = [new Float32Array(this.#used / this.classes), new Float32Array(this.#used / this.classes)] as const;
    const counts: [number, number] = [0, 0];
    for (let i = label; i < this.#used; i += this.classes) {
      const side = this.#positive[i] === 1 ? 0 : 1;
      sides[side][counts[side]++] = this.#scores[i]!;
    }
    return rankFigures(sides[0].subarray(0, counts[0]), sides[1].subarray(0, counts[1]));
  }

  #grow(): void {
    const size = Math.max(this.#used + this.classes, Math.min(2 * this.#scores.length, this.kept));
    const [scores, positive] = [this.#scores, this.#positive];
    this.#scores = new Float32Array(size);
    this.#scores.set(scores);
    this.#positive = new Uint8Array(size);
    this.#positive.set(positive);
  }

  #bin(): void {
    this.#binned = new Binned(this.classes);
    for (let i = 0; i < this.#used; i++) {
      this.#binned.add(i % this.classes, this.#scores[i]!, this.#positive[i] === 1);
    }
    this.#scores = new Float32Array(0);
    this.#positive = new Uint8Array(0);
  }
}

/** Counts of positives and negatives by class and bin. */
class Binned {
  readonly bins: number;
  readonly #counts: Uint32Array;
  readonly #invalid: Uint8Array;

  constructor(classes: number) {
    this.bins = Math.min(BINS, Math.floor(ALL_BINS / classes));
    this.#counts = new Uint32Array(2 * classes * this.bins);
    this.#invalid = new Uint8Array(classes);
  }

  add(label: number, score: number, positive: boolean): void {
    if (Number.isNaN(score)) this.#invalid[label] = 1;
    const place = Math.floor(((score + RANGE) / (2 * RANGE)) * this.bins);
    const bin = Math.min(this.bins - 1, Math.max(0, place));
    this.#counts[2 * (label * this.bins + bin) + (positive ? 1 : 0)]! += 1;
  }

  figures(label: number): RankFigures {
    if (this.#invalid[label] === 1) return { auroc: NaN, auprc: NaN };
    const ranking = new Ranking();
    for (let bin = this.bins - 1; bin >= 0; bin--) {
      const at = 2 * (label * this.bins + bin);
      ranking.tie(this.#counts[at + 1]!, this.#counts[at]!);
    }
    return { auroc: ranking.auroc, auprc: ranking.averagePrecision };
  }
}
