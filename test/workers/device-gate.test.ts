import { expect, test } from 'vitest';
import { DeviceGate } from '../../workers/device-gate.js';
import { eventually } from '../support/poll.js';

const context = {} as never;

function aGate() {
  const said: string[] = [];
  const device = { works: false, tries: 0 };
  const gate = new DeviceGate({
    tryDevice: () => {
      device.tries += 1;
      return device.works ? Promise.resolve() : Promise.reject(new Error('the driver fell over'));
    },
    say: (sentence) => void said.push(sentence),
    firstLookMs: 1,
  });
  return { gate, said, device };
}

test('while the gate is shut nobody polls; when an engine starts again, somebody does', async () => {
  const { gate, said, device } = aGate();
  const slots = gate.slots(1);
  gate.shut('No engine starts on h: it died');
  gate.shut('No engine starts on h: it died'); // said once
  let permit: object | null = null;
  void slots.reserveSlot(context, new AbortController().signal).then((given) => (permit = given));
  await eventually('it looks again', () => device.tries >= 2);
  expect(permit).toBeNull();
  expect(slots.tryReserveSlot(context)).toBeNull();
  device.works = true;
  await eventually('a session may be taken', () => permit);
  expect(said[0]).toMatch(/^No engine starts on h: it died\. This worker takes no sessions until one starts/);
  expect(said[1]).toMatch(/^Still no engine starts: the driver fell over\. Next look in/);
  expect(said.at(-1)).toBe('An engine starts again: this worker takes sessions.');
  gate.close();
});

test('there are as many slots as were asked for, and a waiting poller may give up', async () => {
  const { gate } = aGate();
  const slots = gate.slots(1);
  const permit = await slots.reserveSlot(context, new AbortController().signal);
  const giveUp = new AbortController();
  const waiting = slots.reserveSlot(context, giveUp.signal);
  giveUp.abort();
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  let second: object | null = null;
  void slots.reserveSlot(context, new AbortController().signal).then((given) => (second = given));
  expect(slots.tryReserveSlot(context)).toBeNull();
  slots.releaseSlot({ permit });
  await eventually('the slot is free again', () => second);
  gate.close();
});
