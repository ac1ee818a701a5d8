import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';
import { repositoryRoot } from '../parts/root.mjs';

const TIMEOUT_MS = 60_000;
const MARK = 'temper-tensorflow:';

// In a child, because a libtensorflow that does not suit the machine kills the process that loads it. TensorFlow.js
// still calls util.isNullOrUndefined, which Node 23 took away.
const LOAD = `
  const util = require('node:util');
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
  const tf = require('@tensorflow/tfjs-node-gpu');
  const [sum] = tf.ones([4, 4]).matMul(tf.ones([4, 4])).sum().dataSync();
  const { binding, isUsingGpuDevice } = tf.backend();
  console.log('${MARK}' + JSON.stringify({ version: binding.TF_Version, gpu: isUsingGpuDevice, sum }));
`;

const answerSchema = z.object({ version: z.string(), gpu: z.boolean(), sum: z.literal(64) });

export type TensorFlowReport =
  | { readonly usable: true; readonly version: string; readonly device: 'CPU' | 'GPU' }
  | { readonly usable: false; readonly problem: string };

/** Loads libtensorflow through the addon and multiplies two matrices. */
export const tryTensorFlow = (): Promise<TensorFlowReport> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, ['-e', LOAD], {
      cwd: join(repositoryRoot()),
      env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' },
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let log = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
    child.on('error', (error) => resolve({ usable: false, problem: error.message }));
    child.on('close', (code, signal) => {
      const line = output.split('\n').find((candidate) => candidate.startsWith(MARK));
      if (code === 0 && line !== undefined) {
        const { version, gpu } = answerSchema.parse(JSON.parse(line.slice(MARK.length)));
        resolve({ usable: true, version, device: gpu ? 'GPU' : 'CPU' });
        return;
      }
      const reason = /^.*Error: .*$/m.exec(log)?.[0] ?? `the process that loaded it ended with ${signal ?? code}`;
      resolve({ usable: false, problem: reason.trim() });
    });
  });
