export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** `statistic`: no gradient; the forward pass of training itself says what it becomes (BatchNorm's running mean). Default: weight. */
  readonly kind?: 'weight' | 'statistic';
  /**
   * What it begins as where no file gives it: a number is the standard deviation of a truncated normal. Default: zeros for a name
   * that ends with `bias`, else the family's initializerRange.
   */
  readonly initial?: 'zeros' | 'ones' | number;
}
