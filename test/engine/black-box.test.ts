import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lookIntoBlackBox, openBlackBox, readBlackBox } from '../../engine/black-box.js';
import { makeTemporaryFolder } from '../support/temporary-folder.js';

test('the step under way is read from outside, and none once it is cleared', () => {
  const folder = makeTemporaryFolder();
  const path = join(folder, 'step.json');
  const box = openBlackBox(path);
  expect(lookIntoBlackBox(path)).toBeNull();
  box.begins({ step: 12, epoch: 1, cursor: 2, batches: [[1, 2, 3]] });
  box.begins({ step: 13, epoch: 1, cursor: 3 }); // shorter than what lies there
  expect(lookIntoBlackBox(path)).toEqual({ step: 13, epoch: 1, cursor: 3 });
  expect(readBlackBox(path)).toEqual({ step: 13, epoch: 1, cursor: 3 });
  expect(readBlackBox(path)).toBeNull(); // it is gone
  box.clear();
  rmSync(folder, { recursive: true });
});

test('on a full disk no step is known, and none fails for that', () => {
  const box = openBlackBox('/dev/full'); // each write there fails with ENOSPC (full(4))
  box.begins({ step: 1, epoch: 0, cursor: 0 });
  box.clear();
});
