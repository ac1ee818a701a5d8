/** What the bench's contenders read, made once in a folder of the bench. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import sharp from 'sharp';
import { provide } from '../../infra/parts/on-demand.mjs';
import { emoji } from '../../infra/parts/emoji.mjs';
import { partPaths } from '../../infra/parts.mjs';
import { draw } from '../../training/counter-random.js';

/** All noun glosses of WordNet with their topics, a JSON object a line; returns how many. */
export async function writeGlosses(path: string): Promise<number> {
  const out = createWriteStream(path);
  let count = 0;
  for await (const line of createInterface(createReadStream(partPaths().wordnet, 'latin1'))) {
    const bar = line.indexOf(' | ');
    if (line.startsWith('  ') || bar === -1) continue;
    const [id, topic] = line.split(' ', 2);
    out.write(`${JSON.stringify({ id, topic, gloss: line.slice(bar + 3).trim() })}\n`);
    count++;
  }
  out.end();
  await finished(out);
  return count;
}

/** JPEGs of the size of web photos: drawings of emoji, enlarged, on noise. */
export async function writeImages(folder: string, count: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  const drawings: string[] = [];
  for (const part of [emoji.google, emoji.twitter]) {
    const images = join(await provide(part), '64');
    drawings.push(...(await readdir(images)).sort().map((name) => join(images, name)));
  }
  for (let i = 0; i < count; i++) {
    const of = (site: number, bound: number) => draw(7, site, i) % bound;
    const [width, height] = [240 + of(1, 160), 240 + of(2, 160)];
    const background = { r: of(3, 256), g: of(4, 256), b: of(5, 256) };
    const drawing = await sharp(await readFile(drawings[i % drawings.length]!))
      .resize(160 + of(6, 80))
      .toBuffer();
    const image = sharp({
      create: { width, height, channels: 3, background, noise: { type: 'gaussian', mean: 128, sigma: 20 } },
    });
    await image
      .composite([{ input: drawing }])
      .jpeg({ quality: 90 })
      .toFile(join(folder, `${String(i).padStart(5, '0')}.jpg`));
  }
}
