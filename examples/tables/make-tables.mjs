// Writes the tables of this example from npm's vega-datasets 3.2.1, fetched the first time (18 MB) into the cache of parts.
//
//   node make-tables.mjs       writes weather.csv and penguins.jsonl beside this script
//
// weather    a row a day; the day of the year is added as two numbers on a circle, so that December lies beside January
// penguins   as they are; the two without any measurement are left out
// split      by SHA-256 of `${seed}:${the date}` or `:${number of the row}`: 15 % validation, 20 % test, the rest train
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { provide } from '../../infra/parts/on-demand.mjs';
import { vegaDatasets } from '../../infra/parts/vega-datasets.mjs';
import { asProgram } from '../../infra/setup.mjs';

const seed = 'temper-tables-1';

function splitOf(id) {
  const share = Number.parseInt(createHash('sha256').update(`${seed}:${id}`).digest('hex').slice(0, 8), 16) / 2 ** 32;
  return share < 0.15 ? 'validation' : share < 0.35 ? 'test' : 'train';
}

function weather(text) {
  const [head, ...days] = text.trim().split('\n');
  const rows = days.map((day) => {
    const date = day.slice(0, day.indexOf(','));
    const turn = (2 * Math.PI * (Date.parse(date) - Date.UTC(Number(date.slice(0, 4)), 0, 1))) / (365.25 * 86_400_000);
    return [day, Math.sin(turn).toFixed(4), Math.cos(turn).toFixed(4), splitOf(date)].join(',');
  });
  return [`${head},season_sin,season_cos,split`, ...rows, ''].join('\n');
}

function penguins(text) {
  const rows = JSON.parse(text).flatMap((penguin, number) =>
    penguin['Body Mass (g)'] === null ? [] : [JSON.stringify({ ...penguin, split: splitOf(number) })],
  );
  return `${rows.join('\n')}\n`;
}

async function makeTables() {
  const folder = await provide(vegaDatasets);
  for (const [from, make, to] of [
    ['seattle-weather.csv', weather, 'weather.csv'],
    ['penguins.json', penguins, 'penguins.jsonl'],
  ]) {
    const table = make(readFileSync(join(folder, from), 'utf8'));
    writeFileSync(fileURLToPath(new URL(to, import.meta.url)), table);
    console.log(`${to}: ${table.trim().split('\n').length - (to.endsWith('.csv') ? 1 : 0)} rows`);
  }
}

await asProgram(makeTables);
