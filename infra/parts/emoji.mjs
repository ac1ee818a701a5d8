// The data of examples/emoji: 1,911 emoji as Google (Noto Emoji, Apache-2.0) and Twitter (Twemoji, CC BY 4.0) draw them, 64
// pixels a side. Apple's and Facebook's drawings, which have packages too, come without a licence to use them. Not a part of
// the set-up: the example fetches them when it is made (on-demand.mjs).
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetchNpmPackage } from './fetch.mjs';

const VERSION = '16.0.0';

/**
 * @param {'google' | 'twitter'} vendor
 * @param {string} name
 * @param {string} integrity
 * @param {number} downloadBytes
 * @returns {import('./part.mjs').Part}
 */
const emojiPart = (vendor, name, integrity, downloadBytes) => ({
  name,
  version: VERSION,
  folder: `emoji-${vendor}-${VERSION}-${Buffer.from(integrity.slice(7), 'base64').toString('hex').slice(0, 12)}`,
  payload: '',
  needs: ['npm', 'tar'],
  downloadBytes,
  ownProblem: (folder) => (existsSync(join(folder, 'emoji.json')) ? undefined : `${folder} lacks emoji.json`),
  make: async ({ part, scratch }) => {
    const unpacked = await fetchNpmPackage(
      { name: `emoji-datasource-${vendor}`, version: VERSION, integrity },
      scratch,
    );
    for (const file of ['emoji.json', 'LICENSE', 'README.md']) copyFileSync(join(unpacked, file), join(part, file));
    mkdirSync(join(part, '64'));
    /** @type {Record<string, unknown>[]} */
    const emoji = JSON.parse(readFileSync(join(unpacked, 'emoji.json'), 'utf8'));
    // The package fills its gaps with Apple's drawings: only the vendor's own are taken.
    const own = emoji.filter((entry) => entry[`has_img_${vendor}`] === true).map(({ image }) => String(image));
    for (const image of own) copyFileSync(join(unpacked, 'img', vendor, '64', image), join(part, '64', image));
  },
});

/** Each a folder with `emoji.json` (what each emoji is) and `64/IMAGE.png`. */
export const emoji = {
  google: emojiPart(
    'google',
    'Noto Emoji',
    'sha512-ZRexfzs7MVoLnmzZmNsO4TKhnAJp5D++Vm6PpUpH/jEQQlemp3l88CjZ+DoZ2faM9R4QxZkOPJCoT8DlPhfQ3A==',
    74_344_091,
  ),
  twitter: emojiPart(
    'twitter',
    'Twemoji',
    'sha512-7F+uCuHH+7Qnrc15P5tnbvKkg9E6tlzi4MnT2uW1RlN4pLYTza6cP/dstIfSDMtpjFLWuZewWg8jBbuL2eyELQ==',
    61_683_754,
  ),
};
