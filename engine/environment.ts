import type { Pinned } from '../workflows/contract.js';
import { oneDnnEnvironment } from './cpu.js';
import { hasNvidiaDriver } from './nvidia.js';

/**
 * What an engine's process is started with. The threads are pinned because the order of sums depends on them; the memory
 * settings keep large buffers for the next step, instead of giving them back to the system and faulting them in again.
 */
export const engineEnvironment = ({ intraOpThreads, interOpThreads, tf32 }: Pinned): Record<string, string> => ({
  TF_NUM_INTRAOP_THREADS: String(intraOpThreads),
  TF_NUM_INTEROP_THREADS: String(interOpThreads),
  // float32 means float32, on a GPU too, unless the job asks for less.
  NVIDIA_TF32_OVERRIDE: tf32 ? '1' : '0',
  // On a GPU many threads add to one number: TensorFlow then takes kernels with a fixed order, or refuses an op that has none.
  ...(hasNvidiaDriver() && { TF_DETERMINISTIC_OPS: '1' }),
  TF_CPP_MIN_LOG_LEVEL: process.env['TF_CPP_MIN_LOG_LEVEL'] ?? '2',
  ...oneDnnEnvironment(),
  MALLOC_MMAP_MAX_: '0',
  MALLOC_TRIM_THRESHOLD_: '-1',
});
