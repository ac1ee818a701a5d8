import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { jobSchema } from '../../job/schema.js';
import type { Family } from '../../models/families/family.js';
import { MODULE_FILE, moduleFamily } from '../../models/families/module-family.js';
import { loadModule, moduleBlockOf, moduleTensors, type ModuleContext } from '../../models/families/module.js';
import { compile } from '../../training/compile/program.js';
import { checkModule } from '../../training/models/check-module.js';
import { moduleModel, type CreateUserModel } from '../../training/models/module.js';
import type { Model } from '../../training/model.js';
import { openModel } from '../../training/models/open-model.js';
import { noDropout } from '../../training/ops/dropout.js';
import { tf, type Tensor } from '../../training/tensorflow.js';
import { compiledOutputs, inFolder, wave, waves } from '../support/published.js';
import { evaluationPass } from '../../training/step-functions.js';

const job = jobSchema.parse({
  name: 't',
  task: 'tabular-classification',
  model: 'module:m.mjs',
  data: { source: 'x.csv' },
});
const context: ModuleContext = { job, outputs: 3, inputs: { kind: 'features', width: 5 } };
const docs = readFileSync(new URL('../../docs/own-models.md', import.meta.url), 'utf8');
const example = /```js\n([\s\S]*?)```/.exec(docs)![1]!;

const withModule = (source: string, body: (path: string) => Promise<void>, name = 'my-model.mjs') =>
  inFolder('module', async (folder) => {
    await mkdir(folder, { recursive: true });
    const path = join(folder, name);
    await writeFile(path, source);
    await body(path);
  });

test('the example of the docs is a model: it declares its tensors without TensorFlow, and trains', () =>
  withModule(example, async (path) => {
    const create = await loadModule(path);
    const tensors = moduleTensors(create, context, path);
    expect(tensors.map(({ name }) => name).slice(-2)).toEqual(['head.weight', 'head.bias']);
    expect(['gate.bias', 'expert.1.weight'].map((name) => moduleBlockOf(tensors, name))).toEqual([0, 1]);
    const model = moduleModel(create as unknown as CreateUserModel, context, path);
    expect(model.tensors).toEqual(tensors);
    checkModule(model, path, everything(model));

    const values = waves(model);
    const feeds = { features: { shape: [4, 5], values: wave(20, 2, 1) } };
    const before = compiledOutputs(model, values, feeds, 4, 1);
    expect(before).toHaveLength(12);
    const names = model.tensors.map(({ name }) => name);
    const program = compile({
      variables: new Map(model.tensors.map(({ name, shape }) => [name, shape])),
      functions: {
        train: {
          inputs: model.inputs(4, 1),
          trace(inputs, variable) {
            const pass = {
              training: true,
              dropout: noDropout,
              block: evaluationPass.block,
              isFrozen: () => false,
              update: () => undefined,
            };
            const loss = (...trained: Tensor[]) => {
              const p = (name: string) => trained[names.indexOf(name)]!;
              return tf.sum(tf.square(model.outputs(p, model.features(p, inputs, pass), inputs, pass)));
            };
            const { value, grads } = tf.valueAndGrads(loss as never)(names.map(variable));
            return { outputs: { loss: value, ...Object.fromEntries(names.map((name, i) => [name, grads[i]!])) } };
          },
        },
      },
    });
    for (const [name, data] of values) program.assign(name, data);
    const found = program.run('train', { features: feeds.features.values });
    program.close();
    expect(found['loss']![0]).toBeCloseTo(
      before.reduce((sum, value) => sum + value * value, 0),
      3,
    );
    for (const name of names) expect(Math.max(...found[name]!.map(Math.abs)), name).toBeGreaterThan(0);
  }));

const linear = (body: { tensors?: string; features?: string; outputs?: string }) => `
  export function createModel({ tf, dense }, { outputs, inputs }) {
    return {
      tensors: ${body.tensors ?? "[{ name: 'base.weight', shape: [8, 5] }, { name: 'base.bias', shape: [8] }, { name: 'head.weight', shape: [outputs, 8] }, { name: 'head.bias', shape: [outputs] }]"},
      features: (p, { features }) => ${body.features ?? "dense(features, p('base.weight'), p('base.bias'))"},
      outputs: (p, features) => ${body.outputs ?? "dense(features, p('head.weight'), p('head.bias'))"},
    };
  }`;

const everything = ({ tensors }: Model) => ({ trainable: tensors.map(({ name }) => name) });

const open = async (path: string) => {
  const create = await loadModule(path);
  const model = moduleModel(create as unknown as CreateUserModel, context, path);
  checkModule(model, path, everything(model));
};

test('a plain module is accepted', () => withModule(linear({}), open));

const refused: readonly { name: string; source: string; says: RegExp; file?: string }[] = [
  {
    name: 'no createModel',
    source: 'export const model = 1;',
    says: /expected an export `function createModel\(toolbox, .*found model$/,
  },
  {
    name: 'a package',
    source: "import lodash from 'lodash';\nexport const createModel = 1;",
    says: /it imports lodash, which is not stored with it: bundle it/,
  },
  { name: 'a file beside it', source: "export { createModel } from './other.mjs';", says: /it imports \.\/other\.mjs/ },
  {
    name: 'a late import',
    source: "export const createModel = () => import('./x.mjs');",
    says: /it imports \.\/x\.mjs/,
  },
  { name: 'a syntax error', source: 'export const createModel = (', says: /it cannot be loaded: / },
  { name: 'TypeScript', source: '', says: /compile TypeScript first/, file: 'my-model.ts' },
  {
    name: 'a failing createModel',
    source: "export function createModel() { throw new Error('no luck'); }",
    says: /createModel failed: no luck/,
  },
  {
    name: 'no functions',
    source: 'export const createModel = () => ({ tensors: [] });',
    says: /createModel: expected an object with tensors, features, outputs, found none of features, outputs/,
  },
  {
    name: 'no head',
    source: linear({ tensors: "[{ name: 'base.weight', shape: [8, 5] }]" }),
    says: /expected tensors whose names begin with `head\.`/,
  },
  {
    name: 'a name twice',
    source: linear({ tensors: "[{ name: 'head.a', shape: [8] }, { name: 'head.a', shape: [8] }]" }),
    says: /two tensors are called head\.a/,
  },
  {
    name: 'a shape that is none',
    source: linear({ tensors: "[{ name: 'head.a', shape: [8, 0.5] }]" }),
    says: /head\.a: shape: expected whole numbers above 0, found \[8,0\.5\]/,
  },
  {
    name: 'an undeclared tensor',
    source: linear({ features: "dense(features, p('base.weights'), p('base.bias'))" }),
    says: /features: no tensor is called base\.weights; did you mean `base\.weight`\?/,
  },
  {
    name: 'a shape that does not fit its use',
    source: linear({
      tensors:
        "[{ name: 'base.weight', shape: [8, 6] }, { name: 'base.bias', shape: [8] }, { name: 'head.weight', shape: [outputs, 8] }, { name: 'head.bias', shape: [outputs] }]",
    }),
    says: /my-model\.mjs: features: .*MatMul.*6/s,
  },
  {
    name: 'outputs of another width',
    source: linear({ outputs: 'tf.concat([features, features], 1)' }),
    says: /outputs: expected shape \(2, 3\), found \(2, 16\)/,
  },
  {
    name: 'features of another rank',
    source: linear({ features: 'tf.reshape(features, [-1])' }),
    says: /features: expected shape \(rows, width\), found \(10\)/,
  },
  {
    name: 'no tensor',
    source: linear({ features: '7' }),
    says: /features: expected a tensor \(rows, width\), found number/,
  },
  {
    name: 'a tensor that is never read',
    source: linear({ outputs: "tf.matMul(features, p('head.weight'), false, true)" }),
    says: /features and outputs never read head\.bias/,
  },
  {
    name: 'an op without a gradient',
    source: linear({ features: "tf.einsum('ri,oi->ro', features, p('base.weight')).add(p('base.bias'))" }),
    says: /my-model\.mjs: it cannot be trained: .*gradient/s,
  },
  {
    name: 'outputs that are not finite',
    source: linear({ outputs: "tf.log(tf.mul(-1, tf.abs(dense(features, p('head.weight'), p('head.bias')))))" }),
    says: /outputs: expected finite numbers, found NaN/,
  },
];

test.each(refused)('$name is refused in a sentence that names the file', ({ source, says, file }) =>
  withModule(source, (path) => expect(open(path)).rejects.toThrow(says), file),
);

test('Node’s own modules may be imported', () =>
  withModule(
    `import { sqrt } from 'node:assert';\nimport { basename } from 'path';\n${linear({})}`.replace(
      '{ sqrt }',
      'assert',
    ),
    open,
  ));

test('createModel may not call the toolbox before there is one', () =>
  withModule('export const createModel = ({ tf }) => ({ tensors: tf.zeros([2]) });', async (path) => {
    const create = await loadModule(path);
    expect(() => moduleTensors(create, context, path)).toThrow(
      /toolbox\.tf\.zeros\(\): the toolbox may be called inside/,
    );
  }));

const config = (path: string, create: Awaited<ReturnType<typeof loadModule>>) => ({
  inputs: context.inputs,
  outputs: context.outputs,
  tensors: moduleTensors(create, context, path),
});
const toOpen = { family: moduleFamily as unknown as Family, outputs: 3 };

test('a process opens a module only where modules may run', () =>
  withModule(
    linear({}),
    async (path) => {
      const opening = { ...toOpen, folder: dirname(path), config: config(path, await loadModule(path)) };
      await expect(openModel({ ...opening, allowModules: false }, job)).rejects.toThrow(
        /the model is a module, whose code would run here: set TEMPER_ALLOW_MODULES=1/,
      );
      expect((await openModel({ ...opening, allowModules: true }, job)).tensors).toHaveLength(4);
    },
    MODULE_FILE,
  ));

test('a module that gives other tensors than when it was submitted is refused', () =>
  withModule(
    linear({}),
    async (path) => {
      const declared = config(path, await loadModule(path));
      const tensors = declared.tensors.map((tensor) =>
        tensor.name === 'base.bias' ? { ...tensor, shape: [9] } : tensor,
      );
      const opening = { ...toOpen, folder: dirname(path), config: { ...declared, tensors }, allowModules: true };
      await expect(openModel(opening, job)).rejects.toThrow(
        /base\.bias \[9\], found base\.bias \[8\]: createModel has to be/,
      );
    },
    MODULE_FILE,
  ));
