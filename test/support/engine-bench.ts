import { join } from 'node:path';
import { createHandlers } from '../../engine/host/handlers.js';
import { Workbench } from '../../engine/host/workbench.js';
import type { EvaluationDetails, ShardPaths, StateOnDisk } from '../../engine/protocol.js';
import type { Job } from '../../job/schema.js';
import { readSafetensorsHeader, readTensors, writeSafetensors } from '../../models/safetensors.js';
import type { Observation } from '../../workflows/contract.js';
import { elements } from './base-model.js';
import { removeFolder } from './temporary-folder.js';
import { tinyLoad } from './tiny-run.js';

/** A state with what was validated on the way to it, as the workflow has them. */
export interface Reached {
  readonly state: StateOnDisk;
  readonly observations: readonly Observation[];
}

export type Bench = Awaited<ReturnType<typeof openBench>>;

/** An engine without its process: the same handlers on a bench of their own. Validates at the end of every epoch. */
export async function openBench(written: Job, { keepsFeatures = false } = {}) {
  const { request, folder, stepsPerEpoch } = await tinyLoad(written);
  const { job, modelFolder, dataset } = request;
  const workbench = new Workbench(() => undefined, true);
  const handlers = createHandlers(workbench);
  const initial = await handlers.initialize({ job, modelFolder, dataset, folder: join(folder, 'initial') });
  await handlers.load(request);
  let snapshots = 0;

  async function restore({ state, observations }: Reached): Promise<Reached> {
    const { trainer } = workbench.loaded;
    // What the variables hold now must not matter.
    const lost = (shape: readonly number[]) => new Float32Array(elements(shape)).fill(NaN);
    trainer.assignAll(new Map([...trainer.variables].map(([name, shape]) => [name, lost(shape)])));
    await handlers.restore({ shards: state.shards.map(({ path }) => path), position: state.position });
    return { state, observations };
  }

  const start: Reached = { state: initial, observations: [] };
  let loaded = request;
  if (keepsFeatures) {
    await restore(start);
    const shards: Record<keyof ShardPaths, string[]> = { train: [], validation: [], test: [] };
    let width = 0;
    for (const [file, { split }] of dataset.files.entries()) {
      const path = join(folder, `features-${file}.arrow`);
      ({ width } = (await handlers.computeFeatures({ file, path }))!);
      shards[split].push(path);
    }
    loaded = { ...request, key: `${request.key} on features`, features: { width, shards } };
    await handlers.load(loaded);
  }
  return {
    handlers,
    request: loaded,
    folder,
    start,
    restore,
    stepsPerEpoch,
    lastStep: stepsPerEpoch * job.train.epochs,
    graphDigest: workbench.loaded.trainer.graphDigest,
    close: () => {
      workbench.unload();
      removeFolder(folder);
    },
    /** Trains on from what was reached until `step`, over the ends of epochs. */
    async trainTo(step: number, from: Reached): Promise<Reached> {
      let { state, observations } = from;
      while (state.position.step < step) {
        ({ state } = await handlers.train({
          ...{ until: { step, minutes: null }, observations, folder: join(folder, `at-${++snapshots}`) },
        }));
        if (state.position.cursor > 0) continue;
        const { metrics }: EvaluationDetails = await handlers.evaluate({ split: 'validation' });
        const { step: at, epoch } = state.position;
        observations = [...observations, { ...metrics, step: at, epoch }];
      }
      return { state, observations };
    },
    /** The same without the tensors of these names. */
    async without(names: RegExp, { state, observations }: Reached): Promise<Reached> {
      const kept = [];
      let dropped = 0;
      for (const { path } of state.shards) {
        for await (const { name, shape, values } of readTensors(await readSafetensorsHeader(path))) {
          if (names.test(name)) dropped++;
          else kept.push({ name, shape, dtype: 'F32' as const, bytes: new Uint8Array(values.buffer) });
        }
      }
      if (dropped === 0) throw new Error(`the state holds nothing that matches ${names}`);
      const path = `${state.shards[0]!.path}.less`;
      const file = await writeSafetensors(path, kept);
      return { state: { ...state, shards: [{ ...file, path, tensors: kept.length }] }, observations };
    },
  };
}
