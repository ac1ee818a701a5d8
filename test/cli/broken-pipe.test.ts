import { EventEmitter } from 'node:events';
import { expect, test, vi } from 'vitest';
import { endWithReader } from '../../cli/broken-pipe.js';

const failing = (code: string) => Object.assign(new Error(`write ${code}`), { code });

test('a reader that has gone ends the command as it ends any tool of the shell', () => {
  const [stdout, exit] = [new EventEmitter(), vi.fn()];
  endWithReader(stdout, exit);
  stdout.emit('error', failing('EPIPE'));
  expect(exit).toHaveBeenCalledExactlyOnceWith(141);
});

test('a full disk is an error', () => {
  const [stdout, exit] = [new EventEmitter(), vi.fn()];
  endWithReader(stdout, exit);
  expect(() => stdout.emit('error', failing('ENOSPC'))).toThrow('ENOSPC');
  expect(exit).not.toHaveBeenCalled();
});
