import { createHash } from 'node:crypto';
import { cpus } from 'node:os';
import { STEP_COMPILER_VERSION } from '../../training/compile/program.js';
import { binding, deviceKind } from '../../training/tensorflow.js';
import type { Fingerprint, Pinned, Sha256 } from '../../workflows/contract.js';
import { cpuFlags } from '../cpu.js';
import { nvidiaDevice } from '../nvidia.js';

/** Variables that steer numerics; every one that is set is part of the fingerprint. */
const NUMERIC_VARIABLE = /^(TF_|ONEDNN_|DNNL_|OMP_|MKL_|CUDA_|CUBLAS_|CUDNN_|NVIDIA_TF32|XLA_)/;
/** Of these, the ones that say nothing about numbers. */
const NOT_NUMERIC = new Set([
  'TF_CPP_MIN_LOG_LEVEL',
  'TF_CPP_MAX_VLOG_LEVEL',
  'CUDA_VISIBLE_DEVICES',
  'TF_NUM_INTRAOP_THREADS', // pinned: told apart below
  'TF_NUM_INTEROP_THREADS',
  'NVIDIA_TF32_OVERRIDE',
]);

/** What the numerics of this process depend on: docs/exactness.md says why each field is here. */
export function fingerprint(pinned: Pinned): Fingerprint {
  const variables = Object.entries(process.env)
    .filter(([name]) => NUMERIC_VARIABLE.test(name) && !NOT_NUMERIC.has(name))
    .map(([name, value]) => `${name}=${value}`)
    .sort();
  const host = {
    libtensorflow: binding.TF_Version,
    stepCompiler: STEP_COMPILER_VERSION,
    device: deviceKind() === 'gpu' ? (nvidiaDevice() ?? 'gpu') : 'cpu',
    cpu: `${cpus()[0]?.model.trim() ?? 'unknown'} [${instructionSets().join(' ')}]`,
    mathMode: process.env['ONEDNN_DEFAULT_FPMATH_MODE'] ?? 'float32',
  };
  return { ...host, ...pinned, hostClass: digestOf([host, variables]), digest: digestOf([host, variables, pinned]) };
}

const digestOf = (value: unknown): Sha256 => createHash('sha256').update(JSON.stringify(value)).digest('hex') as Sha256;

/** The vector extensions that libtensorflow and oneDNN choose kernels by; without /proc the CPU's name has to do. */
function instructionSets(): string[] {
  const flags = cpuFlags();
  if (flags.length === 0) return [process.arch];
  return flags.filter((flag) => /^(avx|amx|fma|asimd|sve|bf16|i8mm)/.test(flag)).sort();
}
