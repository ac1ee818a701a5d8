import { setImmediate as nextTurn } from 'node:timers/promises';
import { initialWeights } from '../../training/initial-weights.js';
import { averageOf } from '../../training/optimizers/ema.js';
import { loadState } from '../../training/state/load.js';
import { saveMeanwhile, saveState } from '../../training/state/save.js';
import { rateRange } from '../../training/rate-range.js';
import { trainSegment, type StepReport, type TrainedOn } from '../../training/train-segment.js';
import type { Position } from '../../workflows/contract.js';
import type { EngineRequests, RequestName, StateOnDisk } from '../protocol.js';
import { computeFeatures } from './compute-features.js';
import { declareModule } from './declare-module.js';
import { evaluateSplit } from './evaluate.js';
import { exportForm } from './export-form.js';
import { exportModel } from './export-model.js';
import { predictExported } from './predict-exported.js';
import { predict } from './predict.js';
import { openRunModel } from './run-model.js';
import type { Workbench } from './workbench.js';

type Handlers = {
  [Name in RequestName]: (input: EngineRequests[Name]['input']) => Promise<EngineRequests[Name]['output']>;
};

export const createHandlers = (bench: Workbench): Handlers => ({
  declareModule: (request) => declareModule(request, bench.allowModules),

  async initialize({ folder, ...opening }) {
    const { job } = opening;
    const { model, base, family, config } = await openRunModel(opening, bench.allowModules);
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
      assignAll: trainer.assignAll,
    });
    bench.position = position;
  },

  async train(request) {
    const { reason, stats, reached } = await train(bench, request);
    return { reason, stats, state: await saveAtOnce(bench, reached, request.folder) };
  },

  async trainAhead(request) {
    const { reason, stats, reached } = await train(bench, request);
    await bench.writing; // one state at a time is in memory
    if (reason === 'interrupted' || reached.cursor === 0) {
      return { reason, stats, reached, state: await saveAtOnce(bench, reached, request.folder) };
    }
    const { read, saved } = saveMeanwhile(bench.storedTensors(), reached, request.folder);
    await read;
    bench.writesMeanwhile(request.folder, saved);
    bench.position = reached;
    return { reason, stats, reached, state: null };
  },

  async findRate(range) {
    const { trainer, fed, job } = bench.loaded;
    if (!bench.position) throw new Error('engine: no state to train from');
    bench.interrupted = false;
    bench.position = null; // it is trained away
    return rateRange({
      ...{ trainer, examples: fed.train, job, ...range },
      interrupted: () => bench.interrupted,
      onStep: async ({ step, loss, learningRate }) => {
        const position = { step, epoch: 0, cursor: step };
        bench.report({ stage: 'training', position, loss, learningRate, examplesPerSecond: null });
        await nextTurn();
      },
    });
  },

  computeFeatures: ({ file, path }) => computeFeatures(bench, file, path),
  evaluate: ({ split }) => evaluateSplit(bench.loaded, split),
  exportModel: ({ folder }) => exportModel(bench.loaded, folder),
  exportForm: ({ form, folder }) => exportForm(bench.loaded, form, folder),
  predict: (request) => predict(bench.loaded, request),
  predictExported,
});

/** Up to where the variables hold a state again, which is to be saved. */
async function train(
  bench: Workbench,
  { until, observations, adjusted, suspect }: EngineRequests['train']['input'],
): Promise<TrainedOn> {
  const { trainer, fed, gatherer, job } = bench.loaded;
  const from = bench.position;
  if (!from) throw new Error('engine: no state to train from');
  bench.interrupted = false;
  bench.position = null; // a step that fails half-way leaves no state behind
  let last = null as StepReport | null;
  const trained = await trainSegment({
    trainer,
    examples: fed.train,
    gatherer,
    job: adjusted ? { ...job, train: { ...job.train, ...adjusted } } : job,
    from,
    until,
    observations,
    interrupted: () => bench.interrupted,
    onBegin: (at, batches) => {
      const rows = at.step === suspect ? { batches: batches.map((batch) => [...batch]) } : {};
      bench.blackBox.begins({ ...at, ...rows });
    },
    onStep: async (step) => {
      last = step;
      bench.report({ stage: 'training', ...step });
      await nextTurn();
    },
    clockMs: () => performance.now(),
  });
  bench.blackBox.clear();
  const none = { loss: trained.stats.meanLoss, learningRate: null, examplesPerSecond: null };
  bench.report({ stage: 'saving', ...(last ?? none), position: trained.reached });
  return trained;
}

async function saveAtOnce(bench: Workbench, reached: Position, folder: string): Promise<StateOnDisk> {
  const state = await saveState(bench.storedTensors(), reached, folder);
  bench.position = reached;
  return state;
}
