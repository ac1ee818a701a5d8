import type { Command } from 'commander';
import { cancel } from './cancel.js';
import { doctor } from './doctor.js';
import { down } from './down.js';
import { list } from './list.js';
import { pause } from './pause.js';
import { resume } from './resume.js';
import { run } from './run.js';
import { status } from './status.js';
import { stop } from './stop.js';
import { up } from './up.js';
import { watch } from './watch.js';

/** In the order of a first day: start, run, look, steer, use the result. */
export const commands = (): Command[] => [
  ...[up(), down(), doctor()],
  ...[run(), list(), status(), watch()],
  ...[pause(), resume(), stop(), cancel()],
];
