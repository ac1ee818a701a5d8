// Steps of the demo's job on its own rows, batch after batch of its epochs, 30 or so many at a time; after the first ALL steps only
// each EACH-th of them; asked for LOAD, what it took before the first:
//   node dist/bench/glosses/steps.js JOB.yaml FOLDER [STEPS [ALL EACH]]
import { epochOrder } from '../../training/examples/order.js';
import { learningRateAt } from '../../training/schedules/learning-rate.js';
import { serve, timed } from '../serve.js';
import { LOAD } from './load.js';
import { openGlosses } from './open.js';

const [jobFile, folder, steps = '30', all = '0', each = '1'] = process.argv.slice(2) as [string, string, ...string[]];
const { job, bench, loadMs } = await openGlosses(jobFile, folder);
const { trainer, fed } = bench.loaded;
const order = (epoch: number) => epochOrder(fed.train, job.train.batchSize, job.seed, epoch);
const totalSteps = job.train.epochs * order(0).length;

function* batches() {
  for (let epoch = 0, step = 1; ; epoch++)
    for (const batch of order(epoch)) {
      if (step <= Number(all) || (step - Number(all)) % Number(each) === 0) yield { batch, epoch, step };
      step++;
    }
}
const next = batches();
const train = () => {
  const { batch, epoch, step } = next.next().value!;
  const learningRate = learningRateAt(job.train, Math.min(step, totalSteps), totalSteps, []);
  trainer.trainStep(fed.train, [batch], { epoch, step, seed: job.seed, learningRate });
};
await serve(({ work }) => (work === LOAD ? [loadMs] : timed(Number(steps), train)));
