import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openTokenizer } from '../../data/tokenize.js';
import { readShard, type Shard } from '../../data/shards.js';
import type { Job } from '../../job/schema.js';
import { parseBertConfig } from '../../models/bert-config.js';
import { mapBertNames } from '../../models/bert-layout.js';
import { readSafetensorsHeader, type SafetensorsHeader } from '../../models/safetensors.js';
import type { TokenTable } from '../../training/batches.js';
import { Classifier } from '../../training/classifier.js';
import { bertClassifier } from '../../training/models/bert.js';
import { joinTables } from '../../training/token-table.js';
import type { Position, TrainProgress } from '../../workflows/contract.js';
import type { LoadRequest } from '../protocol.js';

export type SplitName = 'train' | 'validation' | 'test';

export interface Loaded {
  readonly key: string;
  readonly job: Job;
  readonly labels: readonly string[];
  readonly modelFolder: string;
  readonly base: { header: SafetensorsHeader; nameInFile: ReadonlyMap<string, string> };
  readonly classifier: Classifier;
  readonly tables: Readonly<Record<SplitName, TokenTable>>;
  readonly shards: Readonly<Record<SplitName, readonly Shard[]>>;
}

const REPORT_EVERY_MS = 200;

/** What the engine has on its bench: a loaded classifier and where its state stands. */
export class Workbench {
  #loaded: Loaded | null = null;
  /** Position of the state in the variables; null when they hold none. */
  position: Position | null = null;
  /** Set by the worker at any time; the training loop looks at it between steps. */
  interrupted = false;

  readonly #report: (progress: TrainProgress) => void;
  #reportedMs = -Infinity;

  constructor(report: (progress: TrainProgress) => void) {
    this.#report = report;
  }

  /** Says where training stands: every change of stage, and steps a few times a second. */
  report(progress: TrainProgress): void {
    const nowMs = performance.now();
    if (progress.stage === 'training' && nowMs - this.#reportedMs < REPORT_EVERY_MS) return;
    this.#reportedMs = nowMs;
    this.#report(progress);
  }

  get loaded(): Loaded {
    if (!this.#loaded) throw new Error('engine: nothing is loaded');
    return this.#loaded;
  }

  async load(request: LoadRequest): Promise<Loaded> {
    if (this.#loaded?.key === request.key) return this.#loaded;
    this.unload();
    const { job, modelFolder, labels } = request;
    const config = parseBertConfig(await readFile(join(modelFolder, 'config.json'), 'utf8'), 'config.json');
    const header = await readSafetensorsHeader(join(modelFolder, 'model.safetensors'));
    const read = (paths: readonly string[]) => Promise.all(paths.map(readShard));
    const shards = {
      train: await read(request.shards.train),
      validation: await read(request.shards.validation),
      test: await read(request.shards.test),
    };
    const tables = {
      train: joinTables(shards.train),
      validation: joinTables(shards.validation),
      test: joinTables(shards.test),
    };
    const trains = request.trainable.length > 0;
    const classifier = new Classifier({
      model: bertClassifier(config, labels.length),
      trainable: request.trainable,
      settings: job.train,
      maxLength: Math.min(job.data.maxLength, config.maxPositions),
      trainOn: trains ? [tables.train] : [],
      evaluateOn: Object.values(tables),
    });
    const base = { header, nameInFile: mapBertNames(header.tensors.keys()).inFile };
    this.#loaded = { key: request.key, job, labels, modelFolder, base, classifier, tables, shards };
    return this.#loaded;
  }

  unload(): void {
    this.#loaded?.classifier.close();
    this.#loaded = null;
    this.position = null;
  }

  tokenizer = () => openTokenizer(this.loaded.modelFolder, this.loaded.classifier.spec.maxLength);
}
