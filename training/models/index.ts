import type { Job } from '../../job/schema.js';
import type { Model } from '../model.js';
import { bertModel } from './bert.js';
import { distilbertModel } from './distilbert.js';
import { robertaModel } from './roberta.js';

/** `config` is what the family of that name parsed. */
type Build = (config: never, job: Job, outputs: number) => Model;

const builders: Readonly<Record<string, Build>> = {
  bert: bertModel,
  distilbert: distilbertModel,
  roberta: robertaModel,
};

/** The model of a family, for a job whose head gives `outputs` numbers. */
export function buildModel(family: string, config: unknown, job: Job, outputs: number): Model {
  const build = builders[family];
  if (build === undefined) throw new Error(`no model is built of the family ${family}`);
  return build(config as never, job, outputs);
}
