/**
 * How well scores rank positives above negatives, built up from the highest score down: call tie() once for each distinct score.
 */
export class Ranking {
  #positives = 0;
  #negatives = 0;
  #pairs = 0;
  #precisions = 0;

  /** So many positives and negatives share the next lower score. */
  tie(positives: number, negatives: number): void {
    this.#pairs += negatives * (this.#positives + positives / 2);
    this.#positives += positives;
    this.#negatives += negatives;
    if (positives > 0) this.#precisions += positives * (this.#positives / (this.#positives + this.#negatives));
  }

  get #oneSided(): boolean {
    return this.#positives === 0 || this.#negatives === 0;
  }

  /** Share of the pairs of a positive and a negative that are in order, ties counting half; null without such a pair. */
  get auroc(): number | null {
    return this.#oneSided ? null : this.#pairs / (this.#positives * this.#negatives);
  }

  /** Mean over the positives of the precision at their score (scikit-learn's average_precision_score); null as above. */
  get averagePrecision(): number | null {
    return this.#oneSided ? null : this.#precisions / this.#positives;
  }
}

export interface RankFigures {
  readonly auroc: number | null;
  readonly auprc: number | null;
}

/** Exact figures from all scores; both arrays are sorted in place. NaN where a score is NaN. */
export function rankFigures(positives: Float32Array, negatives: Float32Array): RankFigures {
  for (const scores of [positives, negatives]) scores.sort();
  if (Number.isNaN(positives.at(-1)) || Number.isNaN(negatives.at(-1))) return { auroc: NaN, auprc: NaN };
  const ranking = new Ranking();
  let [p, n] = [positives.length - 1, negatives.length - 1];
  while (p >= 0 || n >= 0) {
    const score = Math.max(positives[p] ?? -Infinity, negatives[n] ?? -Infinity);
    const [before, beforeN] = [p, n];
    while (p >= 0 && positives[p] === score) p -= 1;
    while (n >= 0 && negatives[n] === score) n -= 1;
    ranking.tie(before - p, beforeN - n);
  }
  return { auroc: ranking.auroc, auprc: ranking.averagePrecision };
}

/** Mean of the figures that there are; null where there is none. */
export function meanOfDefined(values: readonly (number | null)[]): number | null {
  const defined = values.filter((value) => value !== null);
  return defined.length === 0 ? null : defined.reduce((a, b) => a + b, 0) / defined.length;
}
