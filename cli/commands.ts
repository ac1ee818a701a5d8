import type { Command } from 'commander';
import { adjust } from './adjust.js';
import { cancel } from './cancel.js';
import { checkpoints } from './checkpoints.js';
import { data } from './data.js';
import { demo } from './demo.js';
import { doctor } from './doctor.js';
import { down } from './down.js';
import { explain } from './explain.js';
import { exportCommand } from './export.js';
import { list } from './list.js';
import { lrFind } from './lr-find.js';
import { models } from './models.js';
import { pause } from './pause.js';
import { predict } from './predict.js';
import { replay } from './replay.js';
import { resume } from './resume.js';
import { run } from './run.js';
import { schedule } from './schedule.js';
import { status } from './status.js';
import { stop } from './stop.js';
import { up } from './up.js';
import { watch } from './watch.js';
import { worker } from './worker.js';

/** In the order of a first day: start, choose, run, look, steer, use the result. */
export const commands = (): Command[] => [
  ...[demo(), up(), down(), doctor(), worker()],
  ...[models(), data(), lrFind(), run(), list(), status(), watch(), explain(), replay()],
  ...[pause(), resume(), adjust(), stop(), cancel()],
  ...[checkpoints(), predict(), exportCommand()],
  schedule(),
];
