/** Range, mean and spread of numbers that come one by one (Welford, 1962). The deviation is that of the population. */
export function moments() {
  let [count, mean, squares, min, max] = [0, 0, 0, Infinity, -Infinity];
  return {
    add(value: number): void {
      count++;
      const difference = value - mean;
      mean += difference / count;
      squares += difference * (value - mean);
      min = Math.min(min, value);
      max = Math.max(max, value);
    },
    describe: () => ({ min, max, mean, deviation: Math.sqrt(squares / count) }),
  };
}
