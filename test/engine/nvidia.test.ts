import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { nvidiaDevice } from '../../engine/nvidia.js';

const none = () => {
  throw new Error('spawn nvidia-smi ENOENT');
};

/** What the driver shows under /proc. */
async function proc(version: string, models: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'temper-nvidia-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'version'), `${version}\nGCC version:  gcc version 12.3.0\n`);
  for (const [i, model] of models.entries()) {
    const gpu = join(folder, 'gpus', `0000:0${i}:00.0`);
    await mkdir(gpu, { recursive: true });
    await writeFile(join(gpu, 'information'), `Model: \t\t ${model}\nIRQ:   \t\t 16\nGPU UUID: \t GPU-1\n`);
  }
  return folder;
}

test.each([
  'NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024',
  'NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.15  Release Build  (dvs-builder@U16)',
])('the kernel module names GPU and driver: %s', async (version) => {
  const folder = await proc(version, ['NVIDIA H100 80GB HBM3', 'NVIDIA H100 80GB HBM3']);
  expect(nvidiaDevice(folder, none)).toBe('NVIDIA H100 80GB HBM3, driver 550.54.15');
});

test('two models are both named, with the variable that chooses between them', async () => {
  const folder = await proc('NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.1  Tue', ['Tesla T4', 'NVIDIA L4']);
  expect(nvidiaDevice(folder, none)).toBe('NVIDIA L4 and Tesla T4, driver 535.1, CUDA_VISIBLE_DEVICES unset');
});

test('where /proc hides the GPUs nvidia-smi is asked', async () => {
  const folder = await proc('NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.1  Tue', []);
  expect(nvidiaDevice(folder, () => 'NVIDIA A100-SXM4-40GB, 535.104.05\nNVIDIA A100-SXM4-40GB, 535.104.05\n')).toBe(
    'NVIDIA A100-SXM4-40GB, driver 535.104.05',
  );
});

test('without a driver there is no device to name', () => {
  expect(nvidiaDevice(join(tmpdir(), 'temper-no-such-folder'), none)).toBeNull();
  expect(nvidiaDevice(join(tmpdir(), 'temper-no-such-folder'), () => 'No devices were found\n')).toBeNull();
});
