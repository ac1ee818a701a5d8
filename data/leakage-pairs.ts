import type { DatasetManifest } from './manifest.js';

const PAIRS_SHOWN = 3;

/** The first rows that are nearly the same in two splits, as a person reads it: `a.csv:3 (train) and a.csv:9 (test), 97 % the same; …` */
export const leakagePairs = ({ examples }: NonNullable<DatasetManifest['leakage']>): string =>
  examples
    .slice(0, PAIRS_SHOWN)
    .map(({ rows, similarity }) => {
      const places = rows.map(({ split, line, place }) => `${place ?? `line ${line}`} (${split})`);
      return `${places.join(' and ')}, ${Math.round(similarity * 100)} % the same`;
    })
    .join('; ');
