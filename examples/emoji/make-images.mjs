// Writes the images of the emoji example: two vendors' drawings of 1,906 emoji, and the table that says what each is.
//
//   node make-images.mjs       writes images/google/, images/twitter/ and images.csv beside this script
//
// image   a PNG of 64 pixels a side, as its package has it: emoji-datasource-google and -twitter 16.0.0. The first time they
//         are fetched (136 MB) into the cache of parts; licences: README.md
// group   Unicode's group of the emoji, the class: nine of them; the five skin tones alone (Component) are left out
// split   by the emoji, never by the drawing: both vendors' drawings of an emoji lie in the same part, and so do emoji that
//         differ in gender or direction alone (man and woman firefighter) and all families. What the model is tested on it has
//         seen from nobody. SHA-256 of `${seed}:${what the emoji shows}`: 10 % validation, 20 % test, the rest train
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { emoji as parts } from '../../infra/parts/emoji.mjs';
import { provide } from '../../infra/parts/on-demand.mjs';
import { asProgram } from '../../infra/setup.mjs';

const seed = 'temper-emoji-1';
const here = fileURLToPath(new URL('.', import.meta.url));

/** Man, woman, person; female and male sign; arrow to the right; joiner and variation selector. */
const notShown = new Set(['1F468', '1F469', '1F9D1', '2640', '2642', '27A1', '200D', 'FE0F']);

function shownBy({ unified, subcategory }) {
  if (subcategory === 'family') return 'family';
  const rest = unified.split('-').filter((code) => !notShown.has(code));
  return rest.length > 0 ? rest.join('-') : unified;
}

function splitOf(shown) {
  const share =
    Number.parseInt(createHash('sha256').update(`${seed}:${shown}`).digest('hex').slice(0, 8), 16) / 2 ** 32;
  return share < 0.1 ? 'validation' : share < 0.3 ? 'test' : 'train';
}

async function makeImages() {
  rmSync(join(here, 'images'), { recursive: true, force: true });
  const rows = [];
  for (const [vendor, part] of Object.entries(parts)) {
    const folder = await provide(part);
    mkdirSync(join(here, 'images', vendor), { recursive: true });
    const emoji = JSON.parse(readFileSync(join(folder, 'emoji.json'), 'utf8'));
    for (const entry of emoji) {
      if (entry.category === 'Component' || !entry[`has_img_${vendor}`]) continue;
      const image = `images/${vendor}/${entry.image}`;
      cpSync(join(folder, '64', entry.image), join(here, image));
      rows.push(`${image},${entry.category},${splitOf(shownBy(entry))},${entry.short_name}`);
    }
  }
  writeFileSync(join(here, 'images.csv'), ['image,group,split,name', ...rows, ''].join('\n'));
  console.log(`images.csv: ${rows.length} images`);
}

await asProgram(makeImages);
