import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Engine } from '../engine/client.js';
import { EngineDied, EngineFailure } from '../engine/failure.js';
import { CliError, exitCode } from './errors.js';
import { cacheRoot } from './runs/published-model.js';

/**
 * An engine on this machine for the time of one command. `allowModules`: whether the code of a model that is a module may run in it.
 * @throws CliError with what the engine said: exit 2 where the request was wrong, 1 where it failed or died.
 */
export async function withEngine<Result>(
  allowModules: boolean,
  use: (engine: Engine, logFile: string) => Promise<Result>,
  { hungAfterMs }: { readonly hungAfterMs?: number } = {},
): Promise<Result> {
  const folder = cacheRoot(process.env);
  await mkdir(folder, { recursive: true });
  const logFile = join(folder, 'engine.log');
  const pinned = { intraOpThreads: availableParallelism(), interOpThreads: 1 };
  const engine = new Engine({ pinned, logFile, allowModules, ...(hungAfterMs !== undefined && { hungAfterMs }) });
  try {
    return await use(engine, logFile);
  } catch (error) {
    if (error instanceof EngineFailure) {
      const code = error.kind === 'user' ? exitCode.badRequest : exitCode.runFailed;
      throw new CliError(error.message, code, { cause: error });
    }
    if (error instanceof EngineDied) {
      throw new CliError(`${error.message}; what it said is in ${logFile}.`, exitCode.runFailed, { cause: error });
    }
    throw error;
  } finally {
    await engine.close();
  }
}
