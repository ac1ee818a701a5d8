import { ScheduleAlreadyRunning, type Client, type ScheduleOptions } from '@temporalio/client';
import type { TemperConnection } from '../../infra/connection.js';
import type { ObjectStore } from '../../storage/object-store.js';
import type { RetrainInput, ScheduledSource } from '../../workflows/contract.js';
import { CONTROL_QUEUE } from '../../workflows/handlers.js';
import { CliError } from '../../infra/errors.js';
import { shortName } from '../local-source.js';
import { storeModel, storeSource, storeSynonyms, type CheckedJob } from '../submit.js';
import { describeSchedule, findSchedule, RETRAIN, shown, type ShownSchedule } from './look.js';
import { overlapPolicy, type Overlap } from './options.js';
import { whenText, type WhenOptions } from './spec.js';

/** A day; the server's own is a year. */
const CATCH_UP_MS = 86_400_000;

export interface CreateOptions extends WhenOptions {
  readonly overlap: Overlap;
  readonly catchUp?: number;
  readonly pauseOnFailure: boolean;
  readonly note?: string;
  readonly data?: ScheduledSource['read'];
}

/** Where nobody says it: what workers surely can read is read when it fires. */
export function whenRead(
  { data }: Pick<CreateOptions, 'data'>,
  places: readonly string[],
  { source, storeSource }: Pick<TemperConnection, 'source' | 'storeSource'>,
): ScheduledSource['read'] {
  const workersAreHere = source === 'embedded' && storeSource === 'embedded';
  return data ?? (workersAreHere || places.every((place) => place.startsWith('s3://')) ? 'at-firing' : 'at-creation');
}

/** @throws CliError when there is a schedule of this name. */
export async function mustBeNew(client: Client, schedule: string): Promise<void> {
  if (await findSchedule(client, schedule)) throw nameTaken(schedule);
}

const nameTaken = (schedule: string): CliError =>
  new CliError(
    `There is a schedule ${schedule} already: choose another name, or delete it first with: temper schedule delete ${schedule}`,
  );

interface ToCreate {
  readonly schedule: string;
  readonly spec: ScheduleOptions['spec'];
  readonly options: CreateOptions;
  readonly read: ScheduledSource['read'];
}

/** Puts on S3 what all firings share, and creates the schedule. */
export async function createSchedule(
  client: Client,
  store: ObjectStore,
  checked: CheckedJob,
  { schedule, spec, options, read }: ToCreate,
): Promise<ShownSchedule> {
  await store.ensureBucket();
  const { job, sourcePlaces: places, format } = checked;
  const model = await storeModel(store, checked);
  const data: ScheduledSource =
    read === 'at-firing'
      ? { read, name: shortName(checked.sourceName), format, place: places[0]!, ...(places.length > 1 && { places }) }
      : { read, source: await storeSource(store, checked) };
  const input: RetrainInput = { schedule, job, model, data, ...(await storeSynonyms(store, checked)) };
  const created: ScheduleOptions = {
    scheduleId: schedule,
    spec,
    action: {
      type: 'startWorkflow',
      workflowType: RETRAIN,
      workflowId: schedule, // the server adds the time
      taskQueue: CONTROL_QUEUE,
      args: [input],
      workflowTaskTimeout: '5 seconds',
      staticSummary: `${job.name}: a firing of ${schedule}`,
    },
    policies: {
      overlap: overlapPolicy(options.overlap),
      catchupWindow: options.catchUp ?? CATCH_UP_MS,
      pauseOnFailure: options.pauseOnFailure,
    },
    memo: { when: whenText(options), job: job.name },
    ...(options.note !== undefined && { state: { note: options.note } }),
  };
  await client.schedule.create(created).catch((error: unknown) => {
    if (error instanceof ScheduleAlreadyRunning) throw nameTaken(schedule);
    // The server's word for a spec that it does not take.
    if (error instanceof TypeError) throw new CliError(`Temporal does not take this schedule: ${error.message}.`);
    throw error;
  });
  const made = shown(await describeSchedule(client, schedule));
  if (made.nextAt.length > 0) return made;
  await client.schedule.getHandle(schedule).delete();
  throw new CliError(`${whenText(options)}: no such time comes, so nothing was created.`);
}
