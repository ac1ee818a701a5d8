import { availableParallelism } from 'node:os';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Engine } from '../../engine/client.js';
import { EngineDied, EngineFailure } from '../../engine/failure.js';
import { CliError, exitCode, type ExitCode } from '../../infra/errors.js';
import { modelCache } from './published-model.js';

export interface LocalEngine {
  /** The engine's own output goes to NAME.log in the cache. */
  readonly log: string;
  readonly threads?: number | undefined;
  /** train.precision is tf32. */
  readonly tf32?: boolean;
  /** Whether the code of a model that is a module may run in it. */
  readonly allowModules?: boolean;
  /** See EngineOptions. */
  readonly patienceMs?: number;
  /** Exit code where the engine says that what it was given is wrong. */
  readonly wrong?: ExitCode;
}

/**
 * An engine on this machine for the time of `use`.
 * @throws CliError in place of what the engine says, and where it dies.
 */
export async function withEngine<Result>(
  {
    log,
    threads = availableParallelism(),
    tf32 = false,
    wrong = exitCode.badRequest,
    allowModules = false,
    ...options
  }: LocalEngine,
  use: (engine: Engine, logFile: string) => Promise<Result>,
): Promise<Result> {
  const folder = modelCache(process.env);
  await mkdir(folder, { recursive: true });
  const logFile = join(folder, `${log}.log`);
  const pinned = { intraOpThreads: threads, interOpThreads: 1, ...(tf32 && { tf32 }) };
  const engine = new Engine({ pinned, logFile, allowModules, ...options });
  try {
    return await use(engine, logFile);
  } catch (error) {
    if (error instanceof EngineFailure) {
      throw new CliError(error.message, error.kind === 'user' ? wrong : exitCode.runFailed, { cause: error });
    }
    if (error instanceof EngineDied) {
      throw new CliError(`${error.message}; what it said is in ${logFile}.`, exitCode.runFailed, { cause: error });
    }
    throw error;
  } finally {
    await engine.close();
  }
}
