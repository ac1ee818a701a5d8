import type { Engine } from '../engine/client.js';
import type { EngineDesk } from './dependencies.js';

/** Of an engine that holds nothing yet, and belongs to no session. */
export const deskOf = (engine: Engine): EngineDesk => ({
  engine,
  owner: null,
  loaded: null,
  holds: null,
  snapshots: new Map(),
  training: null,
  ahead: null,
  restoring: Promise.resolve(),
  uploading: Promise.resolve(),
  uploaded: null,
  progress: null,
});
