// JPEGs decoded, scaled, changed at random and normalised, in one process:  node dist/bench/data/serve-images.js FOLDER
import { readdir, readFile } from 'node:fs/promises';
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
let turn = 0;

async function* chosen() {
  const first = (turn++ * IMAGES_A_TURN) % names.length;
  for (const name of names.slice(first, first + IMAGES_A_TURN)) yield await readFile(join(folder, name));
}

await serve(() =>
  cpuMs(async () => {
    const decoded = workAhead(chosen(), 2, (bytes) => decodeImage(bytes, SIZE));
    for await (const image of decoded) {
      const examples = pixelExamples({
        ...{ pixels: [image], size: SIZE, scale, targets: { kind: 'class', labels: Int32Array.of(0) } },
        augment: { settings: AUGMENT, rules: null, classes: 1 },
      } as never);
      examples.gather(Int32Array.of(0), 1, 1, { seed: 7, epoch: 0, step: turn });
    }
  }),
);
