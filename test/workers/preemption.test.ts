import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { watchForPreemption, type PreemptionSettings } from '../../workers/preemption.js';
import { readSettings } from '../../workers/settings.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const none: PreemptionSettings = { file: null, url: null, header: null, match: /(?:)/ };

/** Resolves with the notice; `stop` ends the watch before it comes. */
function notice(settings: Partial<PreemptionSettings>): { said: Promise<string>; stop: () => void } {
  let stop = (): void => undefined;
  const said = new Promise<string>((resolve) => (stop = watchForPreemption({ ...none, ...settings }, resolve, 5)));
  onTestFinished(stop);
  return { said, stop };
}

test('a file that appears is the notice, and only once it is there', async () => {
  const file = join(temporaryFolder(), 'preempted');
  const looked: string[] = [];
  const { said } = notice({ file });
  void said.then((what) => looked.push(what));
  await new Promise((resolve) => setTimeout(resolve, 50)); // ten looks at nothing
  expect(looked).toEqual([]);
  await writeFile(file, '');
  expect(await said).toContain(file);
});

test('a URL that answers in the words of the notice, asked with its header; an error or other words are none', async () => {
  const asked: (string | undefined)[] = [];
  const answers: [number, string][] = [
    [404, 'TRUE'],
    [200, 'FALSE'],
    [200, 'TRUE'],
  ];
  const server = createServer((request, response) => {
    asked.push(request.headers['metadata-flavor'] as string | undefined);
    const [status, body] = answers[Math.min(asked.length, answers.length) - 1]!;
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  expect(await notice({ url, header: 'Metadata-Flavor: Google', match: /^TRUE$/ }).said).toContain(url);
  expect(asked).toEqual(['Google', 'Google', 'Google']);
});

test('the settings name what is wrong with them', () => {
  expect(readSettings({ TEMPER_PREEMPTION_FILE: '/run/preempted' }).preemption).toMatchObject({
    file: '/run/preempted',
    url: null,
  });
  expect(() => readSettings({ TEMPER_PREEMPTION_URL: 'not a url' })).toThrow(
    /TEMPER_PREEMPTION_URL.*found "not a url"/,
  );
  expect(() => readSettings({ TEMPER_PREEMPTION_HEADER: 'Google' })).toThrow(/TEMPER_PREEMPTION_HEADER.*Name: value/);
});
