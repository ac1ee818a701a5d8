/** A failure of the set-up whose message is for the user; `detail` is the end of the tool's own log. */
export class SetupError extends Error {
  /**
   * @param {string} message
   * @param {{ detail?: readonly string[], exitCode?: 1 | 2 }} [more]
   */
  constructor(message, more = {}) {
    super(message);
    this.name = 'SetupError';
    /** @type {readonly string[]} */
    this.detail = more.detail ?? [];
    /** @type {1 | 2} 2 when the user must change something first, 1 when the work itself failed. */
    this.exitCode = more.exitCode ?? 1;
  }
}
