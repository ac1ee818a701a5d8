import type { Command } from 'commander';
import { doctor } from './doctor.js';
import { down } from './down.js';
import { run } from './run.js';
import { up } from './up.js';
import { watch } from './watch.js';

/** In the order of a first day: start, run, look, steer, use the result. */
export const commands = (): Command[] => [up(), down(), doctor(), run(), watch()];
