/**
 * Functions of schedules, optimizers and augmentation that IEEE 754 does not pin. Math.cos and Math.pow may differ in their last
 * bit from one version of Node to the next, and a resumed run must be fed what the first one was. These use nothing but + - · /, which
 * give the same bits everywhere; they are right to about 1e-15.
 */

/** cos(π x) for x in [0, 1]. */
export function cosPi(x: number): number {
  if (x > 0.5) return -cosPi(1 - x);
  return x > 0.25 ? sinOf(Math.PI * (0.5 - x)) : cosOf(Math.PI * x);
}

/** cos and sin of an angle in degrees, of at most a full turn either way. */
export function cosSinOf(degrees: number): { readonly cos: number; readonly sin: number } {
  const half = Math.abs(degrees) / 180; // in units of π
  const x = half > 1 ? 2 - half : half;
  const side = half > 1 ? -1 : 1;
  return { cos: cosPi(x), sin: Math.sign(degrees) * side * cosPi(Math.abs(0.5 - x)) };
}

/** base^exponent for a base of at least 0 and a positive or negative exponent; 0 to a positive one is 0. */
export function power(base: number, exponent: number): number {
  if (exponent === 1) return base;
  return base === 0 ? 0 : exponential(exponent * logarithm(base));
}

/** base^count for a whole count of at least 0, by repeated products. */
export function wholePower(base: number, count: number): number {
  let product = 1;
  for (let i = 0; i < count; i++) product *= base;
  return product;
}

/** Taylor's series of 1 + x / step(1) · (1 + x / step(2) · (…)). */
function series(x: number, terms: number, step: (term: number) => number): number {
  let sum = 1;
  for (let term = terms; term > 0; term--) sum = 1 + (x / step(term)) * sum;
  return sum;
}

const cosOf = (angle: number): number => series(-angle * angle, 10, (term) => 2 * term * (2 * term - 1)); // |angle| <= π / 4
const sinOf = (angle: number): number => angle * series(-angle * angle, 10, (term) => 2 * term * (2 * term + 1));

/** ln x = k ln 2 + 2 artanh((m - 1) / (m + 1)) with x = 2^k m and m near 1. */
export function logarithm(x: number): number {
  let [m, k] = [x, 0];
  for (; m > Math.SQRT2; k++) m /= 2;
  for (; m < Math.SQRT1_2; k--) m *= 2;
  const z = (m - 1) / (m + 1); // |z| < 0.172
  let sum = 0;
  for (let odd = 25; odd > 0; odd -= 2) sum = sum * z * z + 1 / odd;
  return k * Math.LN2 + 2 * z * sum;
}

/** e^y = 2^k e^r with |r| <= ln 2 / 2. */
function exponential(y: number): number {
  const k = Math.round(y / Math.LN2);
  const nearOne = series(y - k * Math.LN2, 16, (term) => term);
  return nearOne * (k < 0 ? wholePower(0.5, -k) : wholePower(2, k));
}
