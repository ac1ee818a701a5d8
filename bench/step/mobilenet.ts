// MobileNetV2's step, BatchNorm by the batch's statistics:  node dist/bench/step/mobilenet.js ROWS SIZE [PRECISION]
import type { Job } from '../../job/schema.js';
import { CLASSES, floatImages } from './batch.js';
import { freshTrainer, jobOf } from './fresh-trainer.js';
import { serveSteps } from './serve-steps.js';

const [rows, size, precision = 'float32'] = process.argv.slice(2) as [string, string, Job['train']['precision']?];
const config = { model_type: 'mobilenet_v2', image_size: Number(size), tf_padding: false }; // padded as the PyTorch peer
const train = { optimizer: 'adam', batchSize: Number(rows), dropout: 0, weightDecay: 0, clipNorm: null } as const;
const examples = floatImages(4 * Number(rows), Number(size), 3);
const job = jobOf('image-classification', { ...train, precision }, { imageSize: Number(size) });
await serveSteps(freshTrainer(config, job, CLASSES, examples), examples, 5);
