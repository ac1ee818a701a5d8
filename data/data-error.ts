/** The user's data cannot be used as they are; retrying cannot help. The message says where, what was expected, what was found, what to do. */
export class DataError extends Error {
  override readonly name = 'DataError';
}
