import { expect, test } from 'vitest';
import { readSettings } from '../../workers/settings.js';

test('a worker may have no device, and a patience of its own', () => {
  expect(readSettings({})).toMatchObject({ slots: 1, patienceMs: 60_000, version: null });
  expect(readSettings({ TEMPER_DEVICE_SLOTS: '0', TEMPER_PATIENCE_SECONDS: '5' })).toMatchObject({
    slots: 0,
    patienceMs: 5_000,
  });
  expect(() => readSettings({ TEMPER_DEVICE_SLOTS: '-1' })).toThrow(/TEMPER_DEVICE_SLOTS.*found "-1"/);
});

test('a version has a deployment and a build', () => {
  expect(readSettings({ TEMPER_DEPLOYMENT: 'temper', TEMPER_BUILD_ID: '0.3.0' }).version).toEqual({
    deploymentName: 'temper',
    buildId: '0.3.0',
  });
  expect(() => readSettings({ TEMPER_BUILD_ID: '0.3.0' })).toThrow(
    /TEMPER_BUILD_ID is set, TEMPER_DEPLOYMENT is not: set both or none/,
  );
});
