/** What all our Workers share. */
export const workerDefaults = {
  // Heartbeats carry progress and time out in 5 s, so they are sent each second.
  maxHeartbeatThrottleInterval: '1 second',
  defaultHeartbeatThrottleInterval: '1 second',
  // How long a workflow task waits for a worker that died, before any other may take it (default: 10 s).
  stickyQueueScheduleToStartTimeout: '2 seconds',
} as const;
