import type { Job } from '../../job/schema.js';
import { adafactor } from './adafactor.js';
import { adam } from './adam.js';
import { adamW } from './adamw.js';
import { lion } from './lion.js';
import type { Optimizer } from './optimizer.js';
import { rmsprop } from './rmsprop.js';
import { sgd } from './sgd.js';

/** The update rule that a job names, with its numbers. */
export function optimizerFor(train: Job['train']): Optimizer {
  switch (train.optimizer) {
    case 'adamw':
      return adamW(train);
    case 'adam':
      return adam(train);
    case 'sgd':
      return sgd(train);
    case 'rmsprop':
      return rmsprop(train);
    case 'adafactor':
      return adafactor();
    case 'lion':
      return lion(train);
    default:
      return train.optimizer satisfies never;
  }
}
