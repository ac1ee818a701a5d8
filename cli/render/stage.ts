import type { Look } from '../runs/look.js';
import type { Stage } from '../../workflows/contract.js';
import { silence } from './estimate.js';
import { preparationText } from './preparation.js';
import { detailText } from './sessions.js';
import { count, duration } from './units.js';

const names: Readonly<Record<Stage, string>> = {
  preprocess: 'preparing the data',
  'wait-for-device': 'waiting for a device',
  freezeLayers: 'choosing the layers that train',
  initializeModel: 'initialising the model',
  computeFeatures: 'computing what the frozen base makes of the data',
  trainEpoch: 'training',
  validate: 'validating',
  uploadCheckpoint: 'storing the last checkpoint',
  pausing: 'pausing: the checkpoint is not durable yet',
  paused: 'paused',
  recovering: 'recovering',
  evaluate: 'testing the best model',
  publishModel: 'publishing the model',
  finished: 'finished',
};

/** Within training, what the engine is at when it is not stepping. */
const within = {
  restoring: 'restoring the state',
  compiling: 'compiling the step',
  'computing-features': null,
  training: null,
  saving: 'saving a snapshot',
  'waiting-for-store': 'the store does not answer, waiting',
} as const;

/** What the run is at, in words. */
export function stageOf(look: Look): string {
  const { status, progress, workflow } = look;
  if (!status) return workflow && workflow.state !== 'running' ? workflow.state : 'starting';
  if (status.stage === 'computeFeatures' && progress?.rows) {
    return `${names.computeFeatures}: ${count(progress.rows.done)} of ${count(progress.rows.total)} rows`;
  }
  if (status.stage === 'preprocess' && look.preparation?.status) {
    return `${names.preprocess}: ${preparationText(look.preparation)}`;
  }
  const detail =
    (status.stage === 'trainEpoch' && progress ? within[progress.stage] : null) ??
    (status.detail && detailText(status.detail));
  return detail ? `${names[status.stage]}: ${detail}` : names[status.stage];
}

/** What stands in the run's way just now; null when nothing does. */
export function troubleOf(look: Look): string | null {
  if (!look.temporalAnswers) return 'Temporal does not answer, waiting';
  if (look.workflow && look.workflow.state !== 'running') return null;
  const silentMs = silence(look);
  if (silentMs !== null) return `no heartbeat from the device for ${duration(silentMs)}`;
  if (!look.workflow) return null;
  switch (look.worker) {
    case 'answers':
      return null;
    case 'silent':
      return 'no worker answers: is one running?';
    case 'stuck':
      return 'the workflow fails in the hands of its worker, again and again: its log says why';
    default:
      return look.worker satisfies never;
  }
}
