import type { SessionActivities } from '../../workflows/contract.js';
import type { SessionDesk } from '../dependencies.js';
import { computeFeatures } from './compute-features.js';
import { makingRoom } from './local-state.js';
import { evaluate } from './evaluate.js';
import { findCheckpoint } from './find-checkpoint.js';
import { initializeModel } from './initialize-model.js';
import { publishModel } from './publish-model.js';
import { trainEpoch } from './train-epoch.js';
import { uploadCheckpoint } from './upload-checkpoint.js';
import { validate } from './validate.js';

/** Activities of one session's queue: they share its engine and its disk. */
export const createSessionActivities = (session: SessionDesk): SessionActivities => ({
  describeSession: () => Promise.resolve(session.host),
  findCheckpoint: makingRoom(session, findCheckpoint(session)),
  initializeModel: makingRoom(session, initializeModel(session)),
  computeFeatures: makingRoom(session, computeFeatures(session)),
  trainEpoch: makingRoom(session, trainEpoch(session)),
  validate: makingRoom(session, validate(session)),
  uploadCheckpoint: makingRoom(session, uploadCheckpoint(session)),
  evaluate: makingRoom(session, evaluate(session)),
  publishModel: makingRoom(session, publishModel(session)),
  interrupt: () => {
    session.interruptRequested = true;
    session.desk.engine.interrupt();
    return Promise.resolve();
  },
  closeSession: () => {
    session.close();
    return Promise.resolve();
  },
});
