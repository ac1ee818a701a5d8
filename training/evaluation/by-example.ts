/** A few float64 figures for each example, read back in the order of the examples, however they came. */
export class ByExample {
  #values: Float64Array;
  #known = new Uint8Array(256);
  #count = 0;

  /** `width`: figures an example. */
  constructor(readonly width: number) {
    this.#values = new Float64Array(256 * width);
  }

  get count(): number {
    return this.#count;
  }

  /** @throws Error when the example has figures already: a defect of the caller, who would count it twice. */
  set(example: number, ...figures: readonly number[]): void {
    if (example >= this.#known.length) this.#grow(example + 1);
    if (this.#known[example] === 1) throw new Error(`example ${example} was evaluated twice`);
    this.#known[example] = 1;
    this.#values.set(figures, example * this.width);
    this.#count += 1;
  }

  /** One of the figures, of every example that was set, in the order of the examples. */
  column(figure: number): number[] {
    const column: number[] = [];
    for (let example = 0; example < this.#known.length; example++) {
      if (this.#known[example] === 1) column.push(this.#values[example * this.width + figure]!);
    }
    return column;
  }

  #grow(needed: number): void {
    const size = Math.max(needed, 2 * this.#known.length);
    const [known, values] = [this.#known, this.#values];
    this.#known = new Uint8Array(size);
    this.#known.set(known);
    this.#values = new Float64Array(size * this.width);
    this.#values.set(values);
  }
}
