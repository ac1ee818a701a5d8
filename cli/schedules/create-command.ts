import { Command, Option } from 'commander';
import { renderSchedule } from '../render/schedules.js';
import { withRuns } from '../runs/with-runs.js';
import { withStore } from '../services.js';
import { withCheckedJob, type CheckedJob } from '../submit.js';
import { createSchedule, mustBeNew, whenRead, type CreateOptions } from './create.js';
import { overlapOption, parseCatchUp, parseCron, parseDuration, parseInterval } from './options.js';
import { parseMoment, parseTimeZone, scheduleArgument } from './options.js';
import { scheduleSpec, tooOften } from './spec.js';

const help = `
The job is checked as by \`temper run\`, down to its last row, before anything is created. Its base model is put on S3 now; its
data are read again at each firing from s3:// and, with the embedded stack, from this machine's disk. Elsewhere they are put
on S3 now and every firing trains on these very bytes, unless --data at-firing says that control workers can read the path.

Policies are always set, never left to the server. overlap skip: a firing is left out while the run before it still runs.
catch-up 1d: what the server missed for longer is left out. A failed run does not pause the schedule without --pause-on-failure.
Intervals are counted from 1970-01-01T00:00Z: every 6h is 00:00, 06:00, 12:00 and 18:00 UTC, and --offset 1h an hour later.

Examples:
  $ temper schedule create nightly job.yaml --cron "0 3 * * *" --time-zone Europe/Berlin --jitter 5m
  $ temper schedule create often job.yaml --every 6h --overlap buffer-one --pause-on-failure
  $ temper schedule create weekly job.yaml --cron "0 3 * * mon" --start-at 2026-12-01 --end-at 2027-03-01`;

type Options = CreateOptions & { readonly json: boolean };

export const scheduleCreate = (): Command =>
  new Command('create')
    .description('Check a job file and start runs of it at times')
    .addArgument(scheduleArgument())
    .argument('<job>', 'the job file, YAML or JSON (docs/job.md)')
    .option('--cron <fields>', 'minute, hour, day of the month, month, day of the week; or @daily', parseCron)
    .option('--every <time>', 'an interval: 6h, 1d12h', parseInterval)
    .option('--offset <time>', 'with --every: so much after the start of each interval', parseDuration)
    .option('--time-zone <zone>', 'with --cron, a name such as Europe/Berlin (default: UTC)', parseTimeZone)
    .option('--jitter <time>', 'each firing up to so much later, by chance (default: none)', parseDuration)
    .addOption(overlapOption('while a run still runs').default('skip'))
    .option('--catch-up <time>', 'make up for missed firings of so long ago (default: 1d)', parseCatchUp)
    .option('--pause-on-failure', 'pause the schedule when a run fails', false)
    .addOption(new Option('--data <when>', 'when the data are read').choices(['at-firing', 'at-creation']))
    .option('--start-at <moment>', 'fire from then on: 2026-12-01, 2026-12-01T03:00Z', parseMoment)
    .option('--end-at <moment>', 'fire until then', parseMoment)
    .option('--note <text>', 'for `show`')
    .option('--json', 'one JSON object', false)
    .addHelpText('after', help)
    .action(async (schedule: string, path: string, options: Options) => {
      const spec = scheduleSpec(options, Date.now());
      await withCheckedJob(path, (checked) => create(schedule, checked, spec, options));
    });

async function create(
  schedule: string,
  checked: CheckedJob,
  spec: ReturnType<typeof scheduleSpec>,
  options: Options,
): Promise<void> {
  const often = tooOften(options);
  for (const said of [...checked.model.replaced, ...checked.report.warnings, ...(often ? [often] : [])])
    console.error(`temper: ${said}`);
  await withRuns(async (client, settings) => {
    await mustBeNew(client, schedule);
    const read = whenRead(options, checked.sourcePlaces, settings);
    const made = await withStore((store) => createSchedule(client, store, checked, { schedule, spec, options, read }));
    console.log(options.json ? JSON.stringify(made) : renderSchedule(made).join('\n'));
  });
}
