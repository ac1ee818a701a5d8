/** How the outside talks to a run, and the queues it runs on: shared by the workflow, the workers and the command line. */
import { defineQuery, defineUpdate } from '@temporalio/workflow';
import type { Adjustment, CheckpointRef, JobChanges, PreparationStatus, RunStatus } from './contract.js';

/** Everything `temper status`, `watch` and `explain` show, also of a finished run. */
export const statusQuery = defineQuery<RunStatus>('status');

/** Stops after the current step; answers when the checkpoint is durable and the device is free (null: nothing was trained yet). */
export const pauseUpdate = defineUpdate<CheckpointRef | null>('pause');
export const resumeUpdate = defineUpdate<void>('resume');
/** Ends training after the current step; the best model so far is evaluated and published. */
export const stopUpdate = defineUpdate<void>('stop');
/** Changes a part of the job; answers with the step from which each change holds, once that is in the run's history. */
export const adjustUpdate = defineUpdate<readonly Adjustment[], [JobChanges]>('adjust');

/** How far prepareData is. */
export const preparationQuery = defineQuery<PreparationStatus>('preparation');

/** Workflows and the activities that need no device. */
export const CONTROL_QUEUE = 'temper';
/** The stages of a preparation (contract/data.ts). */
export const DATA_QUEUE = 'temper-data';
/** The workflow that prepares a run's data. */
export const preparationOf = (run: string): string => `${run}-data`;
/** Device slots of any host. */
export const DEVICE_QUEUE = 'temper-device';
/** A class of hosts (Fingerprint.hostClass) as it is written. */
export const shortClass = (hostClass: string): string => hostClass.slice(0, 16);

/** Device slots of hosts of one class: a strict run goes on only there. */
export const deviceQueueOf = (hostClass: string): string => `${DEVICE_QUEUE}-${shortClass(hostClass)}`;
