import { expect, test } from 'vitest';
import { averageOf } from '../../../training/optimizers/ema.js';
import { course, fixture, relativeDifference, trainOf } from './problem.js';

test.each(['adamw', 'rmsprop', 'lion', 'adafactor'])(
  'a moving average begins as the weight and takes in what each step of %s made of it',
  (optimizer) => {
    const decay = 0.75;
    const { program, step } = course(trainOf({ optimizer, ema: decay }));
    const expected = new Map(fixture.tensors.map(({ name }) => [name, program.read(name).slice()]));
    for (let at = 1; at <= 8; at++) {
      step(at);
      for (const [name, average] of expected) {
        const weight = program.read(name);
        weight.forEach((value, i) => (average[i] = decay * average[i]! + (1 - decay) * value));
        expect(relativeDifference(program.read(averageOf(name)), average), `${name} after step ${at}`).toBeLessThan(
          1e-6,
        );
      }
    }
    program.close();
  },
);
