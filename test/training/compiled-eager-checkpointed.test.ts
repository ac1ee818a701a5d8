import { expect, test } from 'vitest';
import { compile, type FunctionSpec } from '../../training/compile/program.js';
import { checkpointed } from '../../training/ops/checkpointed.js';
import { dense } from '../../training/ops/dense.js';
import { dropoutMasks, type DropoutMasks } from '../../training/ops/dropout.js';
import { gelu } from '../../training/ops/gelu.js';
import { withPrecision, type Precision } from '../../training/ops/precision.js';
import { tf, type Tensor } from '../../training/tensorflow.js';

interface Net {
  readonly layers: number;
  readonly rows: number;
  readonly width: number;
}

type Block = (x: Tensor, weight: Tensor, bias: Tensor) => Tensor;

/** Gradients of sum(net(x)²) to x and all weights of a residual net of equal layers. */
function gradientsOf({ layers, rows, width }: Net, wrap: (block: Block) => Block, precision: Precision = 'float32') {
  const variables = new Map<string, readonly number[]>();
  for (let i = 0; i < layers; i++) variables.set(`w${i}`, [width, width]).set(`b${i}`, [width]);
  const block = (dropout: DropoutMasks) =>
    wrap((x, weight, bias) => tf.add(x, dropout.apply(gelu(dropout.apply(dense(x, weight, bias))))) as Tensor);
  const f: FunctionSpec = {
    inputs: { x: { shape: [rows, width], dtype: 'float32' }, seed: { shape: [2], dtype: 'int32' } },
    trace: ({ x, seed }, variable) =>
      withPrecision(precision, () => {
        const layer = block(dropoutMasks(0.1, seed!));
        const loss = (input: Tensor, ...weights: Tensor[]) => {
          let y = input;
          for (let i = 0; i < layers; i++) y = layer(y, weights[2 * i]!, weights[2 * i + 1]!);
          return tf.mean(tf.square(y)) as never;
        };
        const { value, grads } = tf.valueAndGrads(loss)([x!, ...[...variables.keys()].map(variable)]);
        return { outputs: { value, ...Object.fromEntries(grads.map((grad, i) => [`gradient-${i}`, grad])) } };
      }),
  };
  const program = compile({ variables, functions: { f } });
  const wave = (count: number, scale: number) =>
    Float32Array.from({ length: count }, (_, i) => scale * Math.sin(0.37 * i * i));
  for (const [name, shape] of variables)
    program.assign(
      name,
      wave(
        shape.reduce((a, b) => a * b),
        1 / Math.sqrt(width),
      ),
    );
  const outputs = program.run('f', { x: wave(rows * width, 1), seed: Int32Array.of(7, 1) });
  program.close();
  return { outputs, nodes: program.nodeCount };
}

const asIs = (block: Block): Block => block;
const again = (block: Block): Block => checkpointed(block as never);

/** Largest resident size this process has had, in MiB. Each test file runs in a process of its own. */
const peakMiB = () => process.resourceUsage().maxRSS / 1024;

test('a checkpointed net needs the memory of a block at a time', () => {
  const deep = { layers: 36, rows: 4096, width: 256 }; // an activation is 4 MiB
  gradientsOf({ ...deep, layers: 1 }, asIs);
  const before = peakMiB();
  gradientsOf(deep, again);
  const checkpointedMiB = peakMiB() - before;
  gradientsOf(deep, asIs);
  const plainMiB = peakMiB() - before;
  expect(plainMiB).toBeGreaterThan(2 * checkpointedMiB);
});

test.each(['float32', 'bf16'] as const)('its gradients in %s are those without, dropout and all', (precision) => {
  const net = { layers: 3, rows: 8, width: 16 };
  const [plain, found] = [gradientsOf(net, asIs, precision), gradientsOf(net, again, precision)];
  expect(found.nodes).toBeGreaterThan(plain.nodes);
  for (const [name, expected] of Object.entries(plain.outputs)) {
    const scale = Math.max(...expected.map(Math.abs));
    const worst = Math.max(...found.outputs[name]!.map((value, i) => Math.abs(value - expected[i]!)));
    expect(scale).toBeGreaterThan(0);
    expect(worst / scale, name).toBeLessThan(1e-6);
  }
});

test('blocks inside of blocks have the same gradients too', () => {
  const net = { layers: 2, rows: 8, width: 16 };
  const nested = (block: Block): Block => again((x, w, b) => again(block)(tf.mul(x, 2), w, b));
  const plain =
    (block: Block): Block =>
    (x, w, b) =>
      block(tf.mul(x, 2), w, b);
  const [expected, found] = [gradientsOf(net, plain), gradientsOf(net, nested)];
  for (const [name, values] of Object.entries(expected.outputs)) {
    const scale = Math.max(...values.map(Math.abs));
    found.outputs[name]!.forEach((value, i) => expect(Math.abs(value - values[i]!) / scale, name).toBeLessThan(1e-6));
  }
});
