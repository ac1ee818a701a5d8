export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** `statistic`: no gradient; the forward pass of training itself says what it becomes (BatchNorm's running mean). Default: weight. */
  readonly kind?: 'weight' | 'statistic';
}
