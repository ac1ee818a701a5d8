/**
 * The one place that loads TensorFlow. Importing it opens libtensorflow in this process, which is why only the engine's
 * process may (docs/adr/0002-engine-process.md): calls into it block the event loop, and it can take the process down.
 */
import { createRequire } from 'node:module';
import util from 'node:util';
import type * as TensorFlow from '@tensorflow/tfjs-node-gpu';
import type { TFEOpAttr, TFJSBinding } from '@tensorflow/tfjs-node-gpu/dist/tfjs_binding.js';

// Node 23 removed util.isNullOrUndefined, which tfjs-node 4.22 still calls.
const legacyUtil = util as unknown as { isNullOrUndefined?: (value: unknown) => boolean };
legacyUtil.isNullOrUndefined ??= (value) => value === null || value === undefined;

const require = createRequire(import.meta.url);

export const tf = require('@tensorflow/tfjs-node-gpu') as typeof TensorFlow;

/** The part of tfjs-node's backend that the step compiler and the direct ops below use. */
export interface NodeBackend {
  readonly binding: TFJSBinding & { TF_Version: string };
  getDTypeInteger(dtype: TensorFlow.DataType): number;
  getInputTensorIds(tensors: readonly TensorFlow.TensorInfo[]): number[];
  executeSingleOutput(op: string, attrs: TFEOpAttr[], inputs: TensorFlow.TensorInfo[]): TensorFlow.Tensor;
  executeMultipleOutputs(
    op: string,
    attrs: TFEOpAttr[],
    inputs: TensorFlow.TensorInfo[],
    count: number,
  ): TensorFlow.Tensor[];
  readonly isUsingGpuDevice: boolean;
  readSync(dataId: object): Float32Array | Int32Array | Uint8Array;
}

export const backend = tf.backend() as unknown as NodeBackend;
export const binding = backend.binding;

/** What libtensorflow computes on in this process. */
export const deviceKind = (): 'cpu' | 'gpu' => (backend.isUsingGpuDevice ? 'gpu' : 'cpu');

export type { TFEOpAttr };
export type Tensor = TensorFlow.Tensor;
export type DataType = TensorFlow.DataType;
