import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseBertConfig } from '../../models/bert-config.js';
import { headTensors } from '../../models/bert-layout.js';
import { writeSafetensors } from '../../models/safetensors.js';
import { initialHead } from '../../training/initial-head.js';
import { loadState, saveState, type StoredTensor } from '../../training/state.js';
import { trainSegment } from '../../training/train-segment.js';
import type { EngineRequests, RequestName } from '../protocol.js';
import { evaluateSplit, predictTexts } from './evaluate.js';
import type { Loaded, Workbench } from './workbench.js';

type Handlers = {
  [Name in RequestName]: (input: EngineRequests[Name]['input']) => Promise<EngineRequests[Name]['output']>;
};

export const createHandlers = (bench: Workbench): Handlers => ({
  async initialize({ job, modelFolder, classes, folder }) {
    const config = parseBertConfig(await readFile(join(modelFolder, 'config.json'), 'utf8'), 'config.json');
    const head = headTensors(config, classes).map(({ name, shape }) => ({
      name,
      shape,
      read: () => initialHead(name, shape, config.initializerRange, job.seed),
    }));
    return saveState(head, { step: 0, epoch: 0, cursor: 0 }, folder);
  },

  async load(request) {
    const { classifier } = await bench.load(request);
    return { nodes: classifier.nodeCount };
  },

  async restore({ shards, position }) {
    const { classifier, base } = bench.loaded;
    bench.position = null; // until every tensor is assigned, the variables hold no state
    await loadState(classifier.variables, base, shards, classifier.assign);
    bench.position = position;
  },

  async train({ until, folder }) {
    const { classifier, tables, job } = bench.loaded;
    const from = bench.position;
    if (!from) throw new Error('engine: no state to train from');
    bench.interrupted = false;
    bench.position = null; // a step that fails half-way leaves no state behind
    const { reached, reason, stats } = await trainSegment({
      classifier,
      examples: tables.train,
      job,
      from,
      until,
      interrupted: () => bench.interrupted,
      onStep: async (step) => {
        bench.report({ stage: 'training', ...step });
        await nextTurn();
      },
      clockMs: () => performance.now(),
    });
    const progress = { position: reached, loss: stats.meanLoss, learningRate: null, examplesPerSecond: null };
    bench.report({ stage: 'saving', ...progress });
    const state = await saveState(storedTensors(bench.loaded), reached, folder);
    bench.position = reached;
    return { reason, stats, state };
  },

  evaluate: ({ split }) => evaluateSplit(bench.loaded, split),

  async exportModel({ path }) {
    const { classifier } = bench.loaded;
    const tensors = classifier.spec.model.tensors.map(({ name, shape }) => ({
      name,
      dtype: 'F32' as const,
      shape,
      bytes: () => asBytes(classifier.read(name)),
    }));
    return writeSafetensors(path, tensors, { format: 'pt' });
  },

  async predict({ texts }) {
    return predictTexts(bench.loaded, await bench.tokenizer(), texts);
  },
});

const asBytes = (values: Float32Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** What a snapshot holds: trained tensors, their slots, and whatever the base file lacks. */
function storedTensors({ classifier, base }: Loaded): StoredTensor[] {
  const trained = new Set(classifier.spec.trainable);
  return [...classifier.variables]
    .filter(([name]) => trained.has(name) || !base.nameInFile.has(name))
    .map(([name, shape]) => ({ name, shape, read: () => classifier.read(name) }));
}
