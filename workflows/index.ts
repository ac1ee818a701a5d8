/** What the workflow bundle exports: the workflow types of this product. */
export { fineTune } from './fine-tune.js';
export { prepareData } from './prepare-data.js';
export { retrain } from './retrain.js';
