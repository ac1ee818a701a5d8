import type { Client } from '@temporalio/client';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Stage } from '../workflows/contract.js';
import { renderTable } from './render/table.js';
import { duration, moment } from './render/units.js';
import { askStatus } from './runs/look.js';
import { withRuns } from './runs/with-runs.js';
import { listRunsOf } from './schedules/firings.js';
import { describeSchedule } from './schedules/look.js';
import { parseScheduleName } from './schedules/options.js';
import {
  runStates,
  statusQuery,
  WORKFLOW_TYPE,
  workflowState,
  type RunStateName,
  type WorkflowState,
} from './runs/workflow-state.js';

const help = `
Newest first. The stage is asked of the workers: it stays empty when none answers within two seconds.

Examples:
  $ temper list
  $ temper list --limit 100 --json
  $ temper list --state running
  $ temper list --schedule nightly`;

export interface ListedRun extends WorkflowState {
  readonly stage: Stage | null;
}

/** Temporal lists running workflows first: so many are looked at to find the newest. */
const LOOKED_AT = 1_000;
const STAGE_WITHIN_MS = 2_000;

const limit = (text: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0 && value <= LOOKED_AT) return value;
  throw new InvalidArgumentError(`Expected a number from 1 to ${LOOKED_AT}.`);
};

interface Wanted {
  readonly limit: number;
  /** Only the runs of its firings. */
  readonly schedule?: string;
  readonly state?: RunStateName;
}

async function listRuns(client: Client, { limit: atMost, schedule, state }: Wanted): Promise<ListedRun[]> {
  const all = schedule === undefined ? await allRuns(client, state) : await listRunsOf(client, schedule);
  const found = all.filter((each) => state === undefined || each.state === state);
  found.sort((a, b) => b.startedAt.getTime() - a.startedAt.getTime());
  return Promise.all(
    found.slice(0, atMost).map(async (workflow) => {
      if (workflow.state !== 'running') return { ...workflow, stage: null };
      return { ...workflow, stage: (await askStatus(client, workflow.run, STAGE_WITHIN_MS)).status?.stage ?? null };
    }),
  );
}

async function allRuns(client: Client, state?: RunStateName): Promise<WorkflowState[]> {
  const found: WorkflowState[] = [];
  const query = `WorkflowType = "${WORKFLOW_TYPE}" AND ${statusQuery(state)}`;
  for await (const info of client.workflow.list({ query })) {
    found.push(workflowState(info));
    if (found.length === LOOKED_AT) break;
  }
  return found;
}

export function renderRuns(runs: readonly ListedRun[], nowMs: number): string[] {
  if (runs.length === 0) return ['No run was started here yet. Start one with: temper run JOB'];
  return renderTable<ListedRun>(
    [
      { title: 'RUN', value: ({ run }) => run },
      { title: 'STATE', value: ({ state }) => state },
      { title: 'STAGE', value: ({ stage }) => stage ?? '' },
      { title: 'STARTED', value: ({ startedAt }) => moment(startedAt) },
      {
        title: 'TOOK',
        right: true,
        value: ({ startedAt, closedAt }) => duration((closedAt?.getTime() ?? nowMs) - startedAt.getTime()),
      },
      { title: 'JOB', value: ({ job }) => job ?? '' },
      { title: 'MODEL', value: ({ model }) => model ?? '' },
      ...(runs.some(({ firing }) => firing)
        ? [{ title: 'FOLLOWS', value: ({ firing }: ListedRun) => firing?.follows ?? '' }]
        : []),
    ],
    runs,
  );
}

export const list = (): Command =>
  new Command('list')
    .description('List the runs')
    .option('--limit <n>', 'so many at most', limit, 20)
    .option('--schedule <name>', 'only the runs that this schedule started', parseScheduleName)
    .addOption(new Option('--state <state>', 'only runs that are so').choices(runStates))
    .option('--json', 'one JSON array', false)
    .addHelpText('after', help)
    .action((options: Wanted & { json: boolean }) =>
      withRuns(async (client) => {
        const runs = await listRuns(client, options);
        if (runs.length === 0 && options.schedule !== undefined) await describeSchedule(client, options.schedule);
        if (options.json) console.log(JSON.stringify(runs));
        else if (runs.length === 0 && options.state !== undefined) console.log(`No run is ${options.state}.`);
        else console.log(renderRuns(runs, Date.now()).join('\n'));
      }),
    );
