import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startEngine } from '../support/engine-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

test('a failure says what in a sentence, to be read in `temper status`; where it was is in the log', async () => {
  const directory = temporaryFolder();
  const engine = await startEngine(directory);
  onTestFinished(() => engine.close());
  const position = { step: 0, epoch: 0, cursor: 0 };
  const failure = engine.request('restore', { shards: [join(directory, 'gone.safetensors')], position });
  await expect(failure).rejects.toThrow(/^Error: .+$/);
  await expect(failure).rejects.not.toThrow(/\n/);
  expect(readFileSync(join(directory, 'engine.log'), 'utf8')).toMatch(/^ +at .+\.js:\d+/m);
});
