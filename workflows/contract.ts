/**
 * START HERE. What crosses Temporal: refs, run states and the activity interfaces. Types only.
 * Everything is small JSON: keys, digests, counters, metrics. Tensors and rows live on S3 and on local disks.
 */
export type * from './contract/refs.js';
export type * from './contract/context.js';
export type * from './contract/data.js';
export type * from './contract/activities.js';
export type * from './contract/run.js';
export type * from './contract/schedules.js';
