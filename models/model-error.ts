/** A base model's folder cannot be used as it is; retrying cannot help. The message says where, what was expected, what was found, what to do. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
}
