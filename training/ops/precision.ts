/**
 * How products are computed while a function is traced.
 *
 * - float32: as written.
 * - bf16: matrix products and convolutions take and give bfloat16 (8 bits of mantissa, float32's range); everything that sums over
 *   many values, the weights, the gradients' norm and the optimizer stay float32. See compile/autocast.ts.
 * - tf32: float32 tensors whose products an NVIDIA GPU computes with 10 bits of mantissa. A matter of the process, not of the graph.
 */
export type Precision = 'float32' | 'bf16' | 'tf32';

let current: Precision = 'float32';

export const currentPrecision = (): Precision => current;

/** Traces `body` in `precision`: wrap the forward pass and the gradients that are taken of it. Compiled functions only. */
export function withPrecision<Result>(precision: Precision, body: () => Result): Result {
  const outer = current;
  current = precision;
  try {
    return body();
  } finally {
    current = outer;
  }
}

/** What an engine's process must be started with, so that float32 means float32 also on a GPU. */
export const precisionEnvironment = (precision: Precision): Record<string, string> => ({
  NVIDIA_TF32_OVERRIDE: precision === 'tf32' ? '1' : '0',
});

/** As /proc/cpuinfo lists them: x86's two and ARM's. */
const BF16_FLAGS = ['avx512_bf16', 'amx_bf16', 'bf16'];

/** Why a device cannot compute in `precision`, in a sentence; null where it can. `cpuFlags` are those of /proc/cpuinfo. */
export function precisionProblem(
  precision: Precision,
  device: 'cpu' | 'gpu',
  cpuFlags: Iterable<string>,
): string | null {
  if (device === 'gpu' || precision === 'float32') return null;
  if (precision === 'tf32') return 'precision tf32 is of NVIDIA GPUs, and this device is a CPU: use bf16 or float32';
  const flags = new Set(cpuFlags);
  if (BF16_FLAGS.some((flag) => flags.has(flag))) return null;
  return `precision bf16 needs a CPU with bfloat16 products (one of the flags ${BF16_FLAGS.join(', ')}), and this one has none: use float32`;
}
