import { tf, type Tensor } from '../tensorflow.js';

/** Rows of table (vocabulary, width) by ids (n, int32): (n, width). The gradient is a dense sum by segment. */
export const embed = (table: Tensor, ids: Tensor): Tensor => tf.gather(table, ids as never);
