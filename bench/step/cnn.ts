// A small CNN's step on 28x28 grey images, as an engine runs it:  node dist/bench/step/cnn.js ROWS
import { CLASSES, floatImages } from './batch.js';
import { freshTrainer, jobOf } from './fresh-trainer.js';
import { serveSteps } from './serve-steps.js';

const rows = Number(process.argv[2]);
const config = { model_type: 'temper-cnn', imageSize: 28, channels: 1, filters: [32, 64], hidden: 128 };
const train = { optimizer: 'adam', batchSize: rows, dropout: 0.25, weightDecay: 0, clipNorm: null } as const;
const examples = floatImages(100 * rows, 28, 1);
await serveSteps(freshTrainer(config, jobOf('image-classification', train), CLASSES, examples), examples, 100);
