import { logarithm, power } from '../exact-math.js';

/**
 * Draw i of a site of one row of one step: an integer in [0, 2³²) that is a function of these alone (and of the run's seed), so
 * that a resumed run draws the same. Who augments rows gives one for each row.
 */
export type Bits = (site: number, i: number) => number;

/** Where draws are made, each with numbers of its own: an augmentation that is added to a job leaves the others' draws as they are. */
export const sites = {
  crop: 1,
  horizontalFlip: 2,
  verticalFlip: 3,
  rotation: 4,
  affine: 5,
  randAugment: 6,
  colorJitter: 7,
  erasing: 8,
  mix: 9,
  tokenDropout: 10,
  tokenSwap: 11,
  synonyms: 12,
  masking: 13,
  noise: 14,
} as const;

/** Draws of one site, one after the other. */
export class Draws {
  #i = 0;
  /** Normal values come in twos. */
  #spare: number | null = null;

  constructor(
    private readonly bits: Bits,
    private readonly site: number,
  ) {}

  /** In [0, 1). */
  uniform(): number {
    return this.bits(this.site, this.#i++) / 2 ** 32;
  }

  /** In [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** In [low, high), its logarithm evenly spread; low is above 0. */
  logBetween(low: number, high: number): number {
    return low * power(high / low, this.uniform());
  }

  /** Whole, in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.uniform() * bound);
  }

  /** True in the share `p` of the cases. */
  chance(p: number): boolean {
    return this.uniform() < p;
  }

  /** Standard normal, by Marsaglia's polar method (Marsaglia and Bray, 1964). */
  normal(): number {
    if (this.#spare !== null) {
      const value = this.#spare;
      this.#spare = null;
      return value;
    }
    for (;;) {
      const [u, v] = [2 * this.uniform() - 1, 2 * this.uniform() - 1];
      const square = u * u + v * v;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * logarithm(square)) / square);
      this.#spare = v * factor;
      return u * factor;
    }
  }

  /** Of the Beta distribution with both parameters `alpha`: the share of one gamma value in the sum of two. */
  beta(alpha: number): number {
    if (alpha === 1) return this.uniform();
    // Below 1 a gamma value is one of alpha + 1 times u^(1 / alpha), which may round to 0: only the two's ratio is taken.
    const [one, other] = [this.#gamma(alpha < 1 ? alpha + 1 : alpha), this.#gamma(alpha < 1 ? alpha + 1 : alpha)];
    if (alpha >= 1) return one / (one + other);
    const [u, v] = [1 - this.uniform(), 1 - this.uniform()]; // (0, 1]
    return 1 / (1 + (other / one) * boundedPower(v / u, 1 / alpha));
  }

  /** Of the gamma distribution of this shape, at least 1 (Marsaglia and Tsang, 2000). */
  #gamma(shape: number): number {
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const root = 1 + c * x;
      const v = root * root * root;
      if (v <= 0) continue;
      const u = 1 - this.uniform(); // (0, 1]
      if (logarithm(u) < 0.5 * x * x + d - d * v + d * logarithm(v)) return d * v;
    }
  }
}

const LARGEST_EXPONENT = 700;

/** base^exponent for a base above 0, kept within what a double holds. */
function boundedPower(base: number, exponent: number): number {
  const logged = Math.max(-LARGEST_EXPONENT, Math.min(LARGEST_EXPONENT, exponent * logarithm(base)));
  return power(Math.E, logged);
}
