import type { Job } from '../../job/schema.js';
import { bertLayer, type EncoderConfig } from '../../models/families/encoder-layout.js';
import { roberta } from '../../models/families/roberta.js';
import type { Model } from '../model.js';
import { linear } from '../ops/linear.js';
import { tf } from '../tensorflow.js';
import { encoderModel } from './encoder.js';

/** RoBERTa; its own head has a hidden layer of tanh. */
export const robertaModel = (config: EncoderConfig, job: Job, outputs: number): Model =>
  encoderModel(
    {
      family: roberta,
      layer: bertLayer,
      dropsMixed: true,
      nativeHead(p, x, { dropout }) {
        const inner = tf.tanh(linear(p, dropout.apply(x), 'head.dense'));
        return linear(p, dropout.apply(inner), 'head.out_proj');
      },
    },
    config,
    job,
    outputs,
  );
