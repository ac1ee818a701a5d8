import type { Job } from '../../job/schema.js';
import { bert } from '../../models/families/bert.js';
import { bertLayer, type EncoderConfig } from '../../models/families/encoder-layout.js';
import type { Model } from '../model.js';
import { linear } from '../ops/linear.js';
import { encoderModel } from './encoder.js';

/** BERT; its own head is linear on the pooler's vector. */
export const bertModel = (config: EncoderConfig, job: Job, outputs: number): Model =>
  encoderModel(
    {
      family: bert,
      layer: bertLayer,
      dropsMixed: true,
      nativeHead: (p, x, { dropout }) => linear(p, dropout.apply(x), 'head'),
    },
    config,
    job,
    outputs,
  );
