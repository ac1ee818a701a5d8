// JPEGs decoded, scaled, changed at random and normalised, in one process:  node dist/bench/data/serve-images.js FOLDER
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { workAhead } from '../../data/ahead.js';
import { decodeImage } from '../../data/images.js';
import { pixelExamples } from '../../training/examples/image-examples.js';
import { serve } from '../serve.js';
import { cpuMs } from './cpu.js';
import { AUGMENT, IMAGES_A_TURN, SIZE } from './images-work.js';

const [folder] = process.argv.slice(2) as [string];
const names = (await readdir(folder)).sort();
const scale = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;
sharp.concurrency(1);
const BATCH = 25;
let turn = 0;

async function* chosen() {
  const first = (turn++ * IMAGES_A_TURN) % names.length;
  for (const name of names.slice(first, first + IMAGES_A_TURN)) yield readFileSync(join(folder, name));
}

/** A batch as the engine gathers it. */
function gather(pixels: readonly Uint8Array[]): void {
  const examples = pixelExamples({
    ...{ pixels, size: SIZE, scale, targets: { kind: 'class', labels: new Int32Array(pixels.length) } },
    augment: { settings: AUGMENT, rules: null, classes: 1 },
  } as never);
  examples.gather(Int32Array.from(pixels.keys()), pixels.length, 1, { seed: 7, epoch: 0, step: turn });
}

await serve(() =>
  cpuMs(async () => {
    let batch: Uint8Array[] = [];
    for await (const image of workAhead(chosen(), 2, (bytes) => decodeImage(bytes, SIZE))) {
      batch.push(image);
      if (batch.length < BATCH) continue;
      gather(batch);
      batch = [];
    }
  }),
);
