import { expect, test } from 'vitest';
import { course, fixture, relativeDifference, titleOf, trainOf } from './problem.js';

test.each(fixture.cases.map((each) => [titleOf(each), each] as const))(
  '%s follows PyTorch for 30 steps, to 1e-5 of the largest weight',
  (_, { train, norms, after, slots }) => {
    const { program, variables, step } = course(trainOf(train));
    for (let at = 1; at <= fixture.steps; at++) {
      expect(Math.abs(step(at) / norms[at - 1]! - 1), `norm of step ${at}`).toBeLessThan(1e-5);
      for (const [name, values] of Object.entries(after[at] ?? {})) {
        expect(relativeDifference(program.read(name), values), `${name} after step ${at}`).toBeLessThan(1e-5);
      }
    }
    for (const [name, values] of Object.entries(slots)) {
      expect(relativeDifference(program.read(name), values), name).toBeLessThan(1e-5);
    }
    const weights = fixture.tensors.map(({ name }) => name);
    expect([...variables.keys()].filter((name) => !weights.includes(name)).sort()).toEqual(Object.keys(slots).sort());
    program.close();
  },
);

test('every case of the fixture has steps that are clipped and steps that are not', () => {
  for (const { norms } of fixture.cases) {
    expect(Math.max(...norms)).toBeGreaterThan(fixture.train.clipNorm);
    expect(Math.min(...norms)).toBeLessThan(fixture.train.clipNorm);
  }
});
