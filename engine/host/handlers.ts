import { setImmediate as nextTurn } from 'node:timers/promises';
import { initialWeights } from '../../training/initial-weights.js';
import { averageOf } from '../../training/optimizers/ema.js';
import { loadState, saveState } from '../../training/state.js';
import { trainSegment } from '../../training/train-segment.js';
import type { EngineRequests, RequestName } from '../protocol.js';
import { computeFeatures } from './compute-features.js';
import { evaluateSplit } from './evaluate.js';
import { exportModel } from './export-model.js';
import { predict } from './predict.js';
import { openRunModel } from './run-model.js';
import type { Workbench } from './workbench.js';

type Handlers = {
  [Name in RequestName]: (input: EngineRequests[Name]['input']) => Promise<EngineRequests[Name]['output']>;
};

export const createHandlers = (bench: Workbench): Handlers => ({
  async initialize({ job, modelFolder, dataset, folder }) {
    const { model, base, family, config } = await openRunModel(job, modelFolder, dataset);
    const range = family.initializerRange(config);
    const fresh = model.tensors
      .filter(({ name }) => !base.names.has(name))
      .map((spec) => {
        const isHead = spec.name.startsWith('head.');
        const rule = isHead ? undefined : family.initialValues?.(spec.name, spec.shape, config);
        return { ...spec, read: () => initialWeights(spec, range, job.seed, rule) };
      });
    return saveState(fresh, { step: 0, epoch: 0, cursor: 0 }, folder);
  },

  async load(request) {
    const { trainer, run } = await bench.load(request);
    return { nodes: trainer.nodeCount, trainableDigest: run.layout.digest, warnings: trainer.warnings };
  },

  async restore({ shards, position }) {
    const { trainer, run, job } = bench.loaded;
    bench.position = null; // until every tensor is assigned, the variables hold no state
    const modelTensors = new Set(run.model.tensors.map(({ name }) => name));
    const averaged = job.train.ema === undefined ? [] : trainer.trainable;
    await loadState({
      variables: trainer.variables,
      base: run.base,
      shardPaths: shards,
      beginsAtZero: (name) => !modelTensors.has(name),
      averages: new Map(averaged.map((name) => [averageOf(name), name])),
      assign: trainer.assign,
    });
    bench.position = position;
  },

  async train({ until, observations, folder }) {
    const { trainer, fed, job } = bench.loaded;
    const from = bench.position;
    if (!from) throw new Error('engine: no state to train from');
    bench.interrupted = false;
    bench.position = null; // a step that fails half-way leaves no state behind
    const { reached, reason, stats } = await trainSegment({
      trainer,
      examples: fed.train,
      job,
      from,
      until,
      observations,
      interrupted: () => bench.interrupted,
      onStep: async (step) => {
        bench.report({ stage: 'training', ...step });
        await nextTurn();
      },
      clockMs: () => performance.now(),
    });
    const progress = { position: reached, loss: stats.meanLoss, learningRate: null, examplesPerSecond: null };
    bench.report({ stage: 'saving', ...progress });
    const state = await saveState(bench.storedTensors(), reached, folder);
    bench.position = reached;
    return { reason, stats, state };
  },

  computeFeatures: ({ file, path }) => computeFeatures(bench.loaded, file, path),
  evaluate: ({ split }) => evaluateSplit(bench.loaded, split),
  exportModel: ({ folder }) => exportModel(bench.loaded, folder),
  predict: (request) => predict(bench.loaded, request),
});
