import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startEngine } from '../support/engine-process.js';
import { eventually } from '../support/poll.js';
import { temporaryFolder } from '../support/temporary-folder.js';

test('a failure says what in a sentence, to be read in `temper status`; where it was is in the log', async () => {
  const directory = temporaryFolder();
  const engine = await startEngine(directory);
  onTestFinished(() => engine.close());
  const position = { step: 0, epoch: 0, cursor: 0 };
  const failure = engine.request('restore', { shards: [join(directory, 'gone.safetensors')], position });
  await expect(failure).rejects.toThrow(/^Error: .+$/);
  await expect(failure).rejects.not.toThrow(/\n/);
  const log = join(directory, 'engine.log'); // written as it is read, a moment after
  await eventually('where it was', async () => /^ +at .+\.js:\d+/m.test(await readFile(log, 'utf8')));
});
