/** `node prepare-rows.js FILE OUT`: prepares what make-rows wrote, in a process of its own; tells on stdout how long and how large. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileSource } from '../../data/byte-source.js';
import { prepareDataset } from '../../data/prepare.js';
import { jobSchema } from '../../job/schema.js';

export interface PreparedRows {
  readonly rows: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly peakMebibytes: number;
  readonly shards: number;
  readonly droppedDuplicates: number;
  /** Of the manifest. */
  readonly sha256: string;
}

const [, , path, outFolder] = process.argv as [string, string, string, string];
const job = jobSchema.parse({
  name: 'rows',
  task: 'tabular-classification',
  model: 'mlp',
  data: {
    source: path,
    features: { numeric: Array.from({ length: 10 }, (_, i) => `n${i}`), categorical: ['place'] },
    clean: { dropDuplicates: true },
    leakage: 'off',
  },
});
const source = await fileSource(path, 'rows.csv');
const start = performance.now();
let told = 0;
const manifest = await prepareDataset({
  source,
  job,
  outFolder,
  onProgress({ rows, totalRows }) {
    if (rows - told < 1_000_000 && rows !== totalRows) return;
    told = rows;
    process.stderr.write(
      `  ${rows} of ${totalRows} rows encoded, ${((performance.now() - start) / 1000).toFixed(0)} s\n`,
    );
  },
});
const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
const result: PreparedRows = {
  rows: manifest.cleaning.rowsRead,
  bytes: source.bytes,
  seconds: (performance.now() - start) / 1000,
  peakMebibytes: Number(peak) / 1024,
  shards: manifest.files.length,
  droppedDuplicates: manifest.cleaning.droppedDuplicates,
  sha256: createHash('sha256').update(JSON.stringify(manifest)).digest('hex'),
};
process.stdout.write(JSON.stringify(result));
