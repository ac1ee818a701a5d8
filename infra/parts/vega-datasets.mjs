// The data of examples/tables, out of npm's vega-datasets: the Palmer penguins (CC0) and four years of Seattle's weather (US
// government, public domain). Not a part of the set-up: the example fetches it when it is made (on-demand.mjs).
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fetchNpmPackage } from './fetch.mjs';

const VERSION = '3.2.1';
const INTEGRITY = 'sha512-lTSwZA6yq6qSU2YZm+6bqILiIvTPPxn4itir7jPGFmHIdPvUfQ9pCzzcrklYywMJgLUbaIeSkZQdiJd6wBxPug==';
const FILES = ['penguins.json', 'seattle-weather.csv'];

/** @type {import('./part.mjs').Part} */
export const vegaDatasets = {
  name: 'vega-datasets',
  version: VERSION,
  folder: `vega-datasets-${VERSION}-${Buffer.from(INTEGRITY.slice(7), 'base64').toString('hex').slice(0, 12)}`,
  payload: '',
  needs: ['npm', 'tar'],
  downloadBytes: 17_630_305,
  ownProblem: (folder) => {
    const lacking = FILES.filter((file) => !existsSync(join(folder, file)));
    return lacking.length === 0 ? undefined : `${folder} lacks ${lacking.join(', ')}`;
  },
  make: async ({ part, scratch }) => {
    const unpacked = await fetchNpmPackage({ name: 'vega-datasets', version: VERSION, integrity: INTEGRITY }, scratch);
    for (const file of FILES) copyFileSync(join(unpacked, 'data', file), join(part, file));
    copyFileSync(join(unpacked, 'datapackage.json'), join(part, 'datapackage.json')); // has each set's licence
  },
};
