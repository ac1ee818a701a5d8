import { Draws, sites, type Bits } from './draws.js';

/** Adds normal noise of this deviation to the first `count` values from `start` on, in place (Bishop, 1995, "Training with noise"). */
export function addNoise(values: Float32Array, start: number, count: number, std: number, bits: Bits): void {
  const draws = new Draws(bits, sites.noise);
  for (let i = start; i < start + count; i++) values[i] = values[i]! + std * draws.normal();
}
