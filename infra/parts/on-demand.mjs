// Parts that an example needs and the set-up does not: fetched when they are first asked for, then kept in the same cache.
import { installPart, sweepAbandonedWork, cacheRoot } from './cache.mjs';
import { SetupError } from './errors.mjs';
import { cacheFolder, partPath, partProblem } from './part.mjs';
import { missingPrerequisites } from '../prerequisites.mjs';

/**
 * Where the part is, fetched first where it is not there yet; one line on stderr says so.
 * @param {import('./part.mjs').Part} part
 * @returns {Promise<string>}
 * @throws {SetupError} a sentence for the user
 */
export const provide = async (part) => {
  if (partProblem(part) !== undefined) {
    const missing = await missingPrerequisites([...part.needs]);
    if (missing.length > 0) throw new SetupError(missing.join('\n'), { exitCode: 2 });
    const size = part.downloadBytes === undefined ? '' : ` (${Math.round(part.downloadBytes / 1e6)} MB)`;
    process.stderr.write(`Fetching ${part.name} ${part.version}${size}...\n`);
    sweepAbandonedWork(cacheRoot());
    await installPart(cacheFolder(part), part.make);
  }
  return partPath(part);
};
