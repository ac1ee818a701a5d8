import type { Job } from '../../job/schema.js';
import type { Model } from '../model.js';
import { bertModel } from './bert.js';
import { cnn } from './cnn.js';
import { distilbertModel } from './distilbert.js';
import { gpt2Model } from './gpt2.js';
import { layersModel } from './layers.js';
import { mlpModel } from './mlp.js';
import { mobileNetV2 } from './mobilenet-v2.js';
import { resNet } from './resnet.js';
import { robertaModel } from './roberta.js';
import { vit } from './vit.js';

/** `config` is what the family of that name parsed. */
type Build = (config: never, job: Job, outputs: number) => Model;

const builders: Readonly<Record<string, Build>> = {
  bert: bertModel,
  distilbert: distilbertModel,
  roberta: robertaModel,
  gpt2: gpt2Model,
  'mobilenet-v2': mobileNetV2,
  resnet: resNet,
  vit,
  cnn,
  mlp: mlpModel,
  layers: layersModel,
};

/** The model of a family, for a job whose head gives `outputs` numbers. */
export function buildModel(family: string, config: unknown, job: Job, outputs: number): Model {
  const build = builders[family];
  if (build === undefined) throw new Error(`no model is built of the family ${family}`);
  return build(config as never, job, outputs);
}
