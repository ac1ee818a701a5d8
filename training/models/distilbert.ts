import type { Job } from '../../job/schema.js';
import { distilbert } from '../../models/families/distilbert.js';
import { distilbertLayer, type EncoderConfig } from '../../models/families/encoder-layout.js';
import type { Model } from '../model.js';
import { linear } from '../ops/linear.js';
import { tf } from '../tensorflow.js';
import { encoderModel } from './encoder.js';

/** DistilBERT; its own head has a hidden layer of ReLU. */
export const distilbertModel = (config: EncoderConfig, job: Job, outputs: number): Model =>
  encoderModel(
    {
      family: distilbert,
      layer: distilbertLayer,
      dropsMixed: false,
      nativeHead(p, x, { dropout }) {
        const inner = tf.relu(linear(p, x, 'head.pre_classifier'));
        return linear(p, dropout.apply(inner), 'head.classifier');
      },
    },
    config,
    job,
    outputs,
  );
