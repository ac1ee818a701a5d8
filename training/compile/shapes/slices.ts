import type { Rule, Rules } from './rule.js';

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);
const has = (mask: unknown, bit: number): boolean => ((((mask as number | undefined) ?? 0) >> bit) & 1) === 1;

/** How many elements begin : end : stride takes of an axis, NumPy's way. A bound that is null is the axis's own. */
function taken(size: number, begin: number | null, end: number | null, stride: number): number {
  const [low, high] = stride > 0 ? [0, size] : [-1, size - 1];
  const at = (bound: number) => clamp(bound < 0 ? bound + size : bound, low, high);
  const from = begin === null ? (stride > 0 ? low : high) : at(begin);
  const to = end === null ? (stride > 0 ? high : low) : at(end);
  return Math.max(0, Math.ceil((to - from) / stride));
}

const stridedSlice: Rule = ({ inputs, values, attribute }) => {
  const { shape, dtype } = inputs[0]!;
  const [begin, end, strides] = [values(1), values(2), values(3)];
  const mask = (name: string, i: number) => has(attribute(`${name}_mask`), i);
  const specified = begin.filter((_, i) => !mask('new_axis', i) && !mask('ellipsis', i)).length;
  const found: number[] = [];
  let axis = 0;
  begin.forEach((_, i) => {
    if (mask('ellipsis', i)) {
      const skipped = shape.length - specified;
      found.push(...shape.slice(axis, axis + skipped));
      axis += skipped;
    } else if (mask('new_axis', i)) {
      found.push(1);
    } else {
      const size = shape[axis++]!;
      if (mask('shrink_axis', i)) return;
      found.push(taken(size, mask('begin', i) ? null : begin[i]!, mask('end', i) ? null : end[i]!, strides[i]!));
    }
  });
  return [{ shape: [...found, ...shape.slice(axis)], dtype }];
};

export const slices: Rules = {
  Slice({ inputs, values }) {
    const { shape, dtype } = inputs[0]!;
    const [begin, sizes] = [values(1), values(2)];
    return [{ shape: sizes.map((size, axis) => (size === -1 ? shape[axis]! - begin[axis]! : size)), dtype }];
  },
  StridedSlice: stridedSlice,
};
