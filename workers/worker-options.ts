import type { WorkerDeploymentOptions } from '@temporalio/worker';

/** What all our Workers share. */
export const workerDefaults = {
  // A heartbeat carries progress: it goes out when it is made, where Temporal's client would keep it back for 80 % of the time-out.
  maxHeartbeatThrottleInterval: '1 second',
  defaultHeartbeatThrottleInterval: '1 second',
  // How long a workflow task waits for a worker that died, before any other may take it (default: 10 s).
  stickyQueueScheduleToStartTimeout: '2 seconds',
} as const;

/** What a worker of workflows says of itself where a cluster decides by versions which runs it gets. */
export interface DeploymentVersion {
  readonly deploymentName: string;
  readonly buildId: string;
}

/**
 * A run goes over to the version that is current, at its next task: it lasts for a month, and nobody keeps workers of that age.
 * That the code replays what an older one did is what patched() and the recorded histories are for.
 */
export const versioned = (version: DeploymentVersion): WorkerDeploymentOptions => ({
  version,
  useWorkerVersioning: true,
  defaultVersioningBehavior: 'AUTO_UPGRADE',
});
