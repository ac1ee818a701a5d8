import { existsSync, readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { dirname } from 'node:path';

/** Instruction sets that decide how fast libtensorflow's kernels are, and which bits they give (x86, then ARM). */
const RELEVANT = ['avx2', 'fma', 'f16c', 'avx512f', 'avx512_vnni', 'avx512_bf16', 'amx_tile', 'amx_int8', 'amx_bf16'];
const RELEVANT_ARM = ['asimd', 'asimddp', 'i8mm', 'bf16', 'sve', 'svebf16', 'sme'];

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly instructionSets: readonly string[];
  readonly memoryBytes: number;
  readonly cacheFolder: string;
  readonly cacheFreeBytes: number;
}

/** The relevant instruction sets named in the text of /proc/cpuinfo. */
export const instructionSetsOf = (cpuinfo: string): string[] => {
  const flags = new Set(/^(?:flags|Features)\s*:(.*)$/m.exec(cpuinfo)?.[1]?.trim().split(/\s+/) ?? []);
  return [...RELEVANT, ...RELEVANT_ARM].filter((name) => flags.has(name));
};

const nearestExisting = (folder: string): string => (existsSync(folder) ? folder : nearestExisting(dirname(folder)));

export const describeMachine = async (cacheFolder: string): Promise<Machine> => {
  const cpuinfo = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '';
  const disk = await statfs(nearestExisting(cacheFolder));
  return {
    cpu: cpus()[0]?.model.trim() || process.arch,
    cores: availableParallelism(),
    instructionSets: instructionSetsOf(cpuinfo),
    memoryBytes: totalmem(),
    cacheFolder,
    cacheFreeBytes: disk.bavail * disk.bsize,
  };
};
