// A language model's step, as an engine runs it: a GPT-2 of the small shape:  node dist/bench/step/gpt2.js ROWS LENGTH [PRECISION]
import type { Job } from '../../job/schema.js';
import { blocksOfTokens } from './batch.js';
import { freshTrainer, jobOf } from './fresh-trainer.js';
import { serveSteps } from './serve-steps.js';

const [rows, length, precision = 'float32'] = process.argv.slice(2) as [string, string, Job['train']['precision']?];
const config = { model_type: 'gpt2', vocab_size: 50257, n_embd: 768, n_layer: 12, n_head: 12 };
const train = { batchSize: Number(rows), dropout: 0, clipNorm: 1, precision };
const job = jobOf('causal-lm', train, { maxLength: Number(length) });
const examples = blocksOfTokens(4 * Number(rows), Number(length));
await serveSteps(freshTrainer(config, job, 0, examples), examples, 3);
