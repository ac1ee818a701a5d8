import { initialWeights } from './initial-weights.js';

export const initialHead = (name: string, shape: readonly number[], std: number, seed: number): Float32Array =>
  initialWeights({ name, shape }, std, seed);
