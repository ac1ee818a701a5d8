import { readFileSync } from 'node:fs';

/** What the CPU can do, as /proc/cpuinfo lists it; none where there is no /proc. */
export function cpuFlags(): string[] {
  try {
    const flags = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
    return flags.trim().split(/\s+/);
  } catch {
    return [];
  }
}

/** Where TensorFlow 2.9 and later switch oneDNN's kernels on by themselves: CPUs made with neural networks in mind. */
const SWITCHED_ON = /^(avx512_?vnni|avx512_?bf16|avx_?vnni|amx_)/;

/**
 * Asks for oneDNN's kernels where TensorFlow has them and leaves them off: on CPUs with AVX2 only they take 0.6 to 0.7 of the time of
 * Eigen's (bench/RESULTS.md). Nothing where they are on anyway, so that the fingerprint there stays what it was, and nothing where
 * the environment says what it wants. `flags`: those of /proc/cpuinfo.
 */
export const oneDnnEnvironment = (
  flags: readonly string[] = cpuFlags(),
  { TF_ENABLE_ONEDNN_OPTS: said }: NodeJS.ProcessEnv = process.env,
): Record<string, string> =>
  said === undefined && flags.includes('avx2') && !flags.some((flag) => SWITCHED_ON.test(flag))
    ? { TF_ENABLE_ONEDNN_OPTS: '1' }
    : {};
