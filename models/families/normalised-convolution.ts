import type { TensorSpec } from '../tensor-spec.js';
import { heStd } from './image-config.js';
import type { InitialValues } from './image-family.js';

/** A convolution without bias, then batch normalisation, then perhaps the activation. Tensors: `<name>.convolution.weight`, `<name>.normalization.*`. */
export interface NormalisedConvolution {
  readonly name: string;
  readonly size: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly stride: number;
  /** Every channel by itself. */
  readonly depthwise: boolean;
  readonly activated: boolean;
}

export function convolutionTensors({ name, size, inputs, outputs, depthwise }: NormalisedConvolution): TensorSpec[] {
  const norm = `${name}.normalization`;
  return [
    { name: `${name}.convolution.weight`, shape: depthwise ? [size, size, outputs, 1] : [size, size, inputs, outputs] },
    { name: `${norm}.weight`, shape: [outputs] },
    { name: `${norm}.bias`, shape: [outputs] },
    { name: `${norm}.running_mean`, shape: [outputs], kind: 'statistic' },
    { name: `${norm}.running_var`, shape: [outputs], kind: 'statistic' },
  ];
}

/** Kernels by the fan out as ResNet and MobileNet begin (He et al., 2015, Goyal et al., 2017), norms as the identity. */
export function initialConvolutionValues(name: string, shape: readonly number[]): InitialValues {
  if (name.endsWith('.normalization.weight') || name.endsWith('.running_var')) return { constant: 1 };
  if (shape.length !== 4) return { constant: 0 };
  const [height, width, , outputs] = shape as [number, number, number, number];
  return { std: heStd(height * width * outputs) };
}
