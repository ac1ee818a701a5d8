import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const PROC = '/proc/driver/nvidia';
const ASK_WITHIN_MS = 10_000;

/** Whether a driver for NVIDIA's GPUs is loaded, under Linux or under Windows' (WSL). */
export const hasNvidiaDriver = (): boolean => [`${PROC}/version`, '/dev/nvidiactl', '/dev/dxg'].some(existsSync);

/**
 * The GPUs of this machine and their driver, `NVIDIA H100 80GB HBM3, driver 550.54.15`: kernels, and so bits, depend on both.
 * Models are listed once; where there are several, CUDA_VISIBLE_DEVICES is named too. null where there is no driver.
 */
export function nvidiaDevice(proc = PROC, ask = askNvidiaSmi): string | null {
  const { driver, models } = fromProc(proc) ?? fromNvidiaSmi(ask) ?? {};
  if (driver === undefined || models === undefined) return null;
  const distinct = [...new Set(models)].sort();
  const visible = distinct.length > 1 ? `, CUDA_VISIBLE_DEVICES ${process.env['CUDA_VISIBLE_DEVICES'] ?? 'unset'}` : '';
  return `${distinct.join(' and ')}, driver ${driver}${visible}`;
}

interface Found {
  readonly driver: string;
  readonly models: readonly string[];
}

/** The kernel module tells, without a process of its own. Containers may hide the list of GPUs: then nvidia-smi is asked. */
function fromProc(proc: string): Found | null {
  try {
    const driver = /Kernel Module(?:\s+for\s+\S+)?\s+([\d.]+)/.exec(readFileSync(join(proc, 'version'), 'utf8'))?.[1];
    const models = readdirSync(join(proc, 'gpus')).flatMap((gpu) => {
      const information = readFileSync(join(proc, 'gpus', gpu, 'information'), 'utf8');
      return /^Model:\s*(.+?)\s*$/m.exec(information)?.[1] ?? [];
    });
    return driver === undefined || models.length === 0 ? null : { driver, models };
  } catch {
    return null;
  }
}

/** Lines of `name, driver version`. */
function fromNvidiaSmi(ask: () => string): Found | null {
  let answer: string;
  try {
    answer = ask();
  } catch {
    return null; // it is not installed, or finds no GPU
  }
  const gpus = answer.split('\n').flatMap((line) => /^(.+), ([\d.]+)$/.exec(line.trim())?.slice(1, 3) ?? []);
  const models = gpus.filter((_, i) => i % 2 === 0);
  return gpus[1] === undefined ? null : { driver: gpus[1], models };
}

const askNvidiaSmi = (): string =>
  execFileSync('nvidia-smi', ['--query-gpu=name,driver_version', '--format=csv,noheader'], {
    encoding: 'utf8',
    timeout: ASK_WITHIN_MS,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
