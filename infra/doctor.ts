import { cacheRoot } from './parts/cache.mjs';
import { cxxCompiler } from './parts/compiler.mjs';
import { inspectParts, type PartReport } from './parts.mjs';
import { nodeProblem, platformProblem } from './prerequisites.mjs';
import { describeMachine, type Machine } from './doctor/machine.js';
import { tryTensorFlow } from './doctor/tensorflow.js';
import { numberOf, versionOf } from './doctor/tools.js';

export interface ToolReport {
  readonly name: string;
  /** Null when it is missing: that matters only for making a part that is not there yet. */
  readonly version: string | null;
  readonly neededFor: string;
}

export interface ServiceReport {
  readonly name: string;
  /** Null when none is configured and no stack is up. */
  readonly address: string | null;
  readonly reachable: boolean;
  readonly source: string;
  readonly problem?: string;
  readonly remedy?: string;
}

/** What a worker that is started here has to train on. */
export interface DeviceReport {
  /** Sessions at once; 0: such a worker takes none. */
  readonly sessions: number;
  /** In words: the device, or why there is none. */
  readonly says: string;
}

/** Workers that ask for work, by role. */
export interface WorkersReport {
  readonly control: number;
  readonly data: number;
  readonly device: number;
}

export interface Diagnosis {
  /** Whether every part is usable. Services do not count: no stack need be up. */
  readonly usable: boolean;
  readonly parts: readonly PartReport[];
  readonly tensorflow: { readonly version: string; readonly device: 'CPU' | 'GPU' } | null;
  readonly tools: readonly ToolReport[];
  readonly machine: Machine;
  readonly services: readonly ServiceReport[];
  readonly device: DeviceReport;
  /** null: Temporal does not say. */
  readonly workers: WorkersReport | null;
  /** Sentences about the platform itself. */
  readonly problems: readonly string[];
}

export interface DoctorDependencies {
  /** Which Temporal and which S3 the commands would use, and whether they answer. */
  readonly examineServices: () => Promise<readonly ServiceReport[]>;
  readonly countWorkers: () => Promise<WorkersReport | null>;
}

/** Looks at everything, changes nothing. */
export const examine = async ({ examineServices, countWorkers }: DoctorDependencies): Promise<Diagnosis> => {
  const inspected = inspectParts();
  const [tried, tensorflow, tools, machine, services, workers] = await Promise.all([
    Promise.all(inspected.map(tryProgram)),
    inspected.every((part) => part.usable || !isTensorFlow(part)) ? tryTensorFlow() : null,
    examineTools(),
    describeMachine(cacheRoot()),
    examineServices(),
    countWorkers(),
  ]);
  const parts =
    tensorflow === null ? tried : tried.map((part) => (isTensorFlow(part) ? judge(part, tensorflow) : part));
  const problems = [nodeProblem(process.versions.node), platformProblem()].filter((problem) => problem !== undefined);
  return {
    usable: problems.length === 0 && parts.every((part) => part.usable),
    parts,
    tensorflow: tensorflow?.usable ? { version: tensorflow.version, device: tensorflow.device } : null,
    tools,
    machine,
    services,
    workers,
    device: deviceReport(process.env['TEMPER_DEVICE_SLOTS'], tensorflow?.usable ? tensorflow.device : null),
    problems,
  };
};

/** `slots`: TEMPER_DEVICE_SLOTS as it is set; `computesOn`: null where libtensorflow cannot be loaded. */
export function deviceReport(slots: string | undefined, computesOn: 'CPU' | 'GPU' | null): DeviceReport {
  const sessions = slots === undefined || slots === '' ? 1 : Number(slots);
  const none = (why: string): DeviceReport => ({ sessions: 0, says: `none, ${why}: workers take no sessions` });
  if (sessions === 0) return none('as TEMPER_DEVICE_SLOTS is 0');
  if (computesOn === null) return none('as no engine starts here');
  if (!Number.isInteger(sessions) || sessions < 0)
    return none(`as TEMPER_DEVICE_SLOTS is ${slots}: expected a whole number`);
  return {
    sessions,
    says: `the ${computesOn}, for ${sessions === 1 ? 'one session' : `${sessions} sessions`} at once`,
  };
}

const isTensorFlow = (part: PartReport): boolean => part.key === 'libtensorflow' || part.key === 'addon';

/** A program is usable when it says its version. */
const tryProgram = async (part: PartReport): Promise<PartReport> => {
  if (!part.usable || (part.key !== 'temporalCli' && part.key !== 'versitygw')) return part;
  const line = await versionOf(part.path, ['--version']);
  if (line !== undefined) return { ...part, version: numberOf(line) };
  return unusable(part, `\`${part.path} --version\` does not run`);
};

const judge = (part: PartReport, loaded: Awaited<ReturnType<typeof tryTensorFlow>>): PartReport => {
  if (!loaded.usable) return unusable(part, `it cannot be loaded: ${loaded.problem}`);
  return part.key === 'libtensorflow' ? { ...part, version: loaded.version } : part;
};

const unusable = (part: PartReport, problem: string): PartReport => ({
  ...part,
  usable: false,
  problem,
  remedy:
    part.source === 'cache'
      ? `Remove ${part.path} and run \`npm run setup\`.`
      : 'Point the variable at one that works on this machine, or unset it, and run `npm run setup`.',
});

const examineTools = async (): Promise<ToolReport[]> => {
  const compiler = cxxCompiler();
  const [python, pip, go, cxx] = await Promise.all([
    versionOf('python3', ['--version']),
    versionOf('python3', ['-m', 'pip', '--version']),
    versionOf('go', ['version']),
    compiler === undefined ? undefined : versionOf(compiler, ['--version']),
  ]);
  const tool = (name: string, line: string | undefined, neededFor: string): ToolReport => ({
    name,
    version: line === undefined ? null : numberOf(line),
    neededFor,
  });
  return [
    tool('Node', process.versions.node, 'everything'),
    tool('Python', python, 'fetching libtensorflow, the Temporal CLI and MiniLM'),
    tool('pip', pip, 'fetching libtensorflow, the Temporal CLI and MiniLM'),
    tool('Go', go, 'building versitygw'),
    { name: 'C++ compiler', version: cxx ?? null, neededFor: 'building the TensorFlow.js addon' },
  ];
};
