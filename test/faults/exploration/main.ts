/** An exploration in a process of its own: `node dist/test/faults/exploration/main.js STEPS SESSIONS LOST DEATHS`. One line of JSON. */
import { Explorer } from './explore.js';

const [steps = 3, sessions = 2, lostAnswers = 1, deaths = 1] = process.argv.slice(2, 6).map(Number);
const started = performance.now();
const explored = await new Explorer({ steps, sessions, lostAnswers, deaths }).explore();
process.stdout.write(`${JSON.stringify({ ...explored, seconds: (performance.now() - started) / 1000 })}\n`);
