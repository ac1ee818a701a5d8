import { expect, test } from 'vitest';
import { optimizerFor } from '../../../training/optimizers/index.js';
import { course, fixture, titleOf, trainOf, type Course } from './problem.js';

const read = ({ program, variables }: Course): Map<string, Float32Array> =>
  new Map([...variables.keys()].map((name) => [name, program.read(name)]));

/** Steps `from` + 1 to `to` of a fresh program that begins at `state`, and where they lead. */
function train(settings: object, from: number, to: number, state?: ReadonlyMap<string, Float32Array>) {
  const run = course(trainOf({ ...settings, ema: 0.9 }));
  for (const [name, values] of state ?? []) run.program.assign(name, values);
  for (let step = from + 1; step <= to; step++) run.step(step);
  const reached = read(run);
  run.program.close();
  return reached;
}

test.each(fixture.cases.map((each) => [titleOf(each), each.train, Object.keys(each.slots)] as const))(
  '%s goes on from its variables bit for bit, and from none of them fewer',
  (_, settings, slots) => {
    const whole = train(settings, 0, 10);
    const half = train(settings, 0, 5);
    expect(train(settings, 5, 10, half)).toEqual(whole);
    for (const slot of slots) {
      const without = new Map(half).set(slot, new Float32Array(half.get(slot)!.length));
      expect(train(settings, 5, 10, without), `without ${slot}`).not.toEqual(whole);
    }
  },
);

test.each(fixture.cases.map((each) => [titleOf(each), each.train] as const))(
  'what %s is fed is a function of the step alone, whichever was asked for before',
  (_, settings) => {
    const optimizer = optimizerFor(trainOf(settings));
    const first = optimizer.feeds(7);
    expect(Object.keys(first).sort()).toEqual(Object.keys(optimizer.inputs).sort());
    optimizer.feeds(12);
    expect(optimizer.feeds(7)).toEqual(first);
    expect(optimizerFor(trainOf(settings)).feeds(7)).toEqual(first);
  },
);
