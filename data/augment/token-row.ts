/** A tokenised text on its way into a batch. */
export interface TokenRow {
  readonly ids: Int32Array;
  /** As long; null where the model is not told. */
  readonly types: Int32Array | null;
}
