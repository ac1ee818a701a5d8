import type { WorstCase } from './evaluator.js';

const KEPT = 50;

/** The examples that are worst, worst first, of equals the earlier example; which they are does not depend on the order. */
export class Worst {
  #candidates: { readonly example: number; readonly badness: number; readonly found: WorstCase }[] = [];
  /** Badness that an example needs to come into question. */
  #least = -Infinity;

  constructor(readonly kept = KEPT) {}

  /** `badness` NaN is as bad as it gets. `describe` is called for those that come into question only. */
  add(example: number, badness: number, describe: () => Omit<WorstCase, 'example'>): void {
    const comparable = Number.isNaN(badness) ? Infinity : badness;
    if (comparable < this.#least) return;
    this.#candidates.push({ example, badness: comparable, found: { example, ...describe() } });
    if (this.#candidates.length >= 20 * this.kept) this.#cut();
  }

  list(): WorstCase[] {
    this.#cut();
    return this.#candidates.map(({ found }) => found);
  }

  #cut(): void {
    // Infinity - Infinity is NaN, hence the comparison.
    const byBadness = (a: { badness: number }, b: { badness: number }) =>
      a.badness === b.badness ? 0 : b.badness - a.badness;
    this.#candidates.sort((a, b) => byBadness(a, b) || a.example - b.example);
    this.#candidates.length = Math.min(this.#candidates.length, this.kept);
    if (this.#candidates.length === this.kept) this.#least = this.#candidates.at(-1)!.badness;
  }
}
