import { Command } from 'commander';
import { scheduleCreate } from './schedules/create-command.js';
import { renderFirings, renderSchedule, renderSchedules } from './render/schedules.js';
import { counted } from './render/units.js';
import { listFirings } from './schedules/firings.js';
import { describeSchedule, listSchedules, shown } from './schedules/look.js';
import { overlapOption, parseMoment, scheduleArgument, type Overlap } from './schedules/options.js';
import { backfill, trigger } from './schedules/steer.js';
import { withRuns } from './runs/with-runs.js';

const help = `
Each firing starts an ordinary run, NAME-2026-11-24T03-00-00Z, which every command takes that takes a run.

Examples:
  $ temper schedule create nightly job.yaml --cron "0 3 * * *" --time-zone Europe/Berlin
  $ temper schedule show nightly
  $ temper schedule backfill nightly --from 2026-11-20 --to 2026-11-23`;

export const schedule = (): Command => {
  const command = new Command('schedule')
    .description('Train again and again, at times or in intervals')
    .configureHelp({ sortSubcommands: false })
    .addHelpText('after', help);
  for (const each of [scheduleCreate(), list(), show(), pause(), resume(), triggerNow(), backfillSpan(), remove()])
    command.addCommand(each.exitOverride());
  return command;
};

const list = (): Command =>
  new Command('list')
    .description('The schedules, their next firing and their last run')
    .option('--json', 'one JSON array', false)
    .action(({ json }: Json) =>
      withRuns(async (client) => {
        const listed = await listSchedules(client);
        console.log(json ? JSON.stringify(listed) : renderSchedules(listed).join('\n'));
      }),
    );

const FIRINGS_SHOWN = 20;

const show = (): Command =>
  new Command('show')
    .description('What a schedule does, and the chain of its runs')
    .addArgument(scheduleArgument())
    .option('--json', 'one JSON object', false)
    .action((name: string, { json }: Json) =>
      withRuns(async (client) => {
        const found = shown(await describeSchedule(client, name));
        const firings = await listFirings(client, name, FIRINGS_SHOWN);
        if (json) console.log(JSON.stringify({ ...found, firings }));
        else console.log([...renderSchedule(found), '', ...renderFirings(firings, Date.now())].join('\n').trimEnd());
      }),
    );

const pause = (): Command =>
  new Command('pause')
    .description('Fire no more until it is resumed; runs that are under way go on')
    .addArgument(scheduleArgument())
    .option('--note <text>', 'why, for `show`', 'paused with temper schedule pause')
    .option('--json', 'one JSON object', false)
    .action((name: string, { note, json }: Json & { note: string }) =>
      withRuns(async (client) => {
        await describeSchedule(client, name);
        await client.schedule.getHandle(name).pause(note);
        say(json, { schedule: name, paused: true }, `${name} is paused. Go on with: temper schedule resume ${name}`);
      }),
    );

const resume = (): Command =>
  new Command('resume')
    .alias('unpause')
    .description('Fire again, from the next time on: times that passed meanwhile are for `backfill`')
    .addArgument(scheduleArgument())
    .option('--note <text>', 'for `show`', 'resumed with temper schedule resume')
    .option('--json', 'one JSON object', false)
    .action((name: string, { note, json }: Json & { note: string }) =>
      withRuns(async (client) => {
        await describeSchedule(client, name);
        await client.schedule.getHandle(name).unpause(note);
        say(json, { schedule: name, paused: false }, `${name} fires again.`);
      }),
    );

const triggerNow = (): Command =>
  new Command('trigger')
    .description('Fire once, now, also while it is paused')
    .addArgument(scheduleArgument())
    .addOption(overlapOption("while a run still runs (default: the schedule's own)"))
    .option('--json', 'one JSON object', false)
    .action((name: string, { overlap, json }: Json & { overlap?: Overlap }) =>
      withRuns(async (client) => {
        const run = await trigger(client, name, overlap);
        const later = `${name} was asked to fire; no run has begun yet (it waits for the one before it, or could not read its data): temper schedule show ${name}`;
        say(json, { schedule: name, run }, run === null ? later : `${run} begins. Follow it with: temper watch ${run}`);
      }),
    );

const backfillSpan = (): Command =>
  new Command('backfill')
    .description('Fire for the times of a span that has passed; a time that has had its run starts none')
    .addArgument(scheduleArgument())
    .requiredOption('--from <moment>', 'first moment: 2026-11-20, 2026-11-20T03:00Z', parseMoment)
    .requiredOption('--to <moment>', 'last moment', parseMoment)
    .addOption(overlapOption('while a run still runs').default('buffer-all'))
    .option('--json', 'one JSON object', false)
    .action((name: string, { json, ...span }: Json & { from: Date; to: Date; overlap: Overlap }) =>
      withRuns(async (client) => {
        const times = await backfill(client, name, span);
        say(
          json,
          { schedule: name, times },
          `${name} fires for ${counted(times, 'time')}: temper schedule show ${name}`,
        );
      }),
    );

const remove = (): Command =>
  new Command('delete')
    .description('Fire no more, and forget the schedule; its runs stay, and those under way go on')
    .addArgument(scheduleArgument())
    .option('--json', 'one JSON object', false)
    .action((name: string, { json }: Json) =>
      withRuns(async (client) => {
        await describeSchedule(client, name);
        await client.schedule.getHandle(name).delete();
        say(json, { schedule: name, deleted: true }, `${name} is deleted. Its runs: temper list --schedule ${name}`);
      }),
    );

interface Json {
  readonly json: boolean;
}

const say = (json: boolean, object: object, sentence: string): void =>
  console.log(json ? JSON.stringify(object) : sentence);
