import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { instructionSetsOf } from '../../infra/doctor/machine.js';
import { deviceReport } from '../../infra/doctor.js';
import { answerProblem, connectionProblem, hostAndPort } from '../../infra/doctor/services.js';
import { numberOf, versionOf } from '../../infra/doctor/tools.js';

test('the instruction sets that matter are read from x86 and ARM listings', () => {
  expect(instructionSetsOf('processor: 0\nflags\t\t: fpu sse avx2 avx512f amx_bf16 hypervisor\n')).toEqual([
    'avx2',
    'avx512f',
    'amx_bf16',
  ]);
  expect(instructionSetsOf('Features\t: fp asimd i8mm bf16\n')).toEqual(['asimd', 'i8mm', 'bf16']);
  expect(instructionSetsOf('')).toEqual([]);
});

test('versions are found in what programs say of themselves', async () => {
  expect(numberOf('temporal version 1.9.1 (Server 1.32.0, UI 2.51.0)')).toBe('1.9.1');
  expect(numberOf('Version  : v1.8.0')).toBe('1.8.0');
  expect(await versionOf(process.execPath, ['--version'])).toBe(process.version);
  expect(await versionOf('/nowhere/program', ['--version'])).toBeUndefined();
});

test('an address is a URL or host:port', () => {
  expect(hostAndPort('127.0.0.1:7233')).toEqual({ host: '127.0.0.1', port: 7233 });
  expect(hostAndPort('temporal.example')).toEqual({ host: 'temporal.example', port: 7233 });
  expect(hostAndPort('https://s3.example')).toEqual({ host: 's3.example', port: 443 });
  expect(hostAndPort('http://[::1]:9000')).toEqual({ host: '::1', port: 9000 });
});

test('a service is reachable while something listens there', async () => {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await connectionProblem(address)).toBeUndefined();
  await new Promise((resolve) => server.close(resolve));
  expect(await connectionProblem(address)).toBe('nothing listens there');
});

test('a service that takes connections and is silent, or says no, is none that answers', async () => {
  expect(await answerProblem(() => Promise.resolve())).toBeUndefined();
  expect(await answerProblem(() => Promise.reject(new Error('there is no bucket temper.')))).toBe(
    'there is no bucket temper',
  );
  expect(await answerProblem(() => new Promise(() => undefined), 50)).toMatch(
    /takes connections, and answered nothing/,
  );
});

test('a machine without a device to train on is told apart, with the reason', () => {
  expect(deviceReport(undefined, 'CPU')).toEqual({ sessions: 1, says: 'the CPU, for one session at once' });
  expect(deviceReport('2', 'GPU').says).toBe('the GPU, for 2 sessions at once');
  for (const [slots, on, why] of [
    ['0', 'CPU', /none, as TEMPER_DEVICE_SLOTS is 0: workers take no sessions/],
    [undefined, null, /none, as no engine starts here/],
    ['two', 'CPU', /TEMPER_DEVICE_SLOTS is two: expected a whole number/],
  ] as const)
    expect(deviceReport(slots, on)).toMatchObject({ sessions: 0, says: expect.stringMatching(why) as string });
});
