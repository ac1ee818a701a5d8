import { Command } from 'commander';
import pc from 'picocolors';
import { examine, type Diagnosis } from '../infra/doctor.js';
import { examineServices, type Asks } from '../infra/doctor/services.js';
import { exitCode } from '../infra/errors.js';
import { pollingWorkers } from './runs/polling-workers.js';
import { withStore, withTemporal } from './services.js';

const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
const sign = (good: boolean): string => (good ? pc.green('✓') : pc.red('✗'));

/** What a person reads: every part, and beneath what is not usable what to do. */
export const renderDiagnosis = (diagnosis: Diagnosis): string => {
  const { parts, tensorflow, tools, machine, services, workers, device, problems } = diagnosis;
  const lines = [pc.bold('Parts')];
  const sourceWidth = Math.max(...parts.map((part) => part.source.length));
  for (const part of parts) {
    const version = (part.version ?? '').padEnd(8);
    lines.push(
      `  ${sign(part.usable)} ${part.name.padEnd(20)} ${version} ${part.source.padEnd(sourceWidth)} ${pc.dim(part.path)}`,
    );
    if (!part.usable) lines.push(`      ${part.problem ?? 'not usable'}. ${part.remedy ?? ''}`.trimEnd());
  }
  if (tensorflow) lines.push(`  TensorFlow ${tensorflow.version} was loaded and computes on the ${tensorflow.device}.`);
  lines.push('', pc.bold('Tools'), ...tools.map((tool) => renderTool(tool)));
  lines.push('', pc.bold('Machine'));
  lines.push(`  ${machine.cpu}, ${machine.cores} cores, ${gibibytes(machine.memoryBytes)} of memory`);
  lines.push(`  Instruction sets: ${machine.instructionSets.join(' ') || 'none of those that matter here'}`);
  lines.push(`  Cache: ${machine.cacheFolder}, ${gibibytes(machine.cacheFreeBytes)} free`);
  lines.push(`  ${sign(device.sessions > 0)} Device to train on: ${device.says}`);
  lines.push('', pc.bold('Services'));
  for (const service of services) {
    lines.push(
      `  ${sign(service.reachable)} ${service.name.padEnd(20)} ${service.address ?? 'none'} ${pc.dim(service.source)}`,
    );
    if (!service.reachable)
      lines.push(`      ${service.problem ?? 'it does not answer'}. ${service.remedy ?? ''}`.trimEnd());
  }
  if (workers) lines.push('', pc.bold('Workers'), ...renderWorkers(workers));
  lines.push('', ...problems, diagnosis.usable ? 'Every part is usable.' : 'Some part is not usable: see above.');
  for (const { name } of silentServices(diagnosis)) lines.push(`${name} does not answer as it should: see above.`);
  return `${lines.join('\n')}\n`;
};

/** That none is configured is no fault: no stack need be up. */
const silentServices = ({ services }: Diagnosis) =>
  services.filter(({ address, reachable }) => address !== null && !reachable);

const asks: Asks = {
  temporal: () => withTemporal(() => Promise.resolve()), // it has answered for the namespace by then
  store: (signal) => withStore((store) => store.check({ signal })),
};

const codeOf = (diagnosis: Diagnosis): number => {
  if (!diagnosis.usable) return exitCode.runFailed;
  return silentServices(diagnosis).length > 0 ? exitCode.unreachable : exitCode.done;
};

const roles = { control: 'workflows', data: 'preparation of data', device: 'training' } as const;

/** None of a role is no fault of the installation: they may run when they are wanted. */
const renderWorkers = (workers: NonNullable<Diagnosis['workers']>): string[] =>
  Object.entries(roles).map(([role, what]) => {
    const count = workers[role as keyof typeof roles];
    const mark = count > 0 ? sign(true) : pc.yellow('-');
    return `  ${mark} ${role.padEnd(20)} ${count > 0 ? count : `none: ${what} waits for one (temper worker --role ${role})`}`;
  });

const renderTool = ({ name, version, neededFor }: Diagnosis['tools'][number]): string =>
  version === null
    ? `  ${pc.yellow('-')} ${name.padEnd(20)} missing: needed only for ${neededFor}`
    : `  ${sign(true)} ${name.padEnd(20)} ${version}`;

export const doctor = (): Command =>
  new Command('doctor')
    .description('List every part Temper needs: its version, where it is from, whether it works and what to do')
    .option('--json', 'print one JSON object')
    .action(async ({ json }: { json?: true }) => {
      const diagnosis = await examine({ examineServices: () => examineServices(asks), countWorkers: pollingWorkers });
      process.stdout.write(json ? `${JSON.stringify(diagnosis)}\n` : renderDiagnosis(diagnosis));
      process.exitCode = codeOf(diagnosis);
    });
