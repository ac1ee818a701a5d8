/** Less is no news: batches are gathered while the step before is computed. */
const WAITING_IS_NEWS = 0.02;

export const waitingText = (share = 0): string[] =>
  share < WAITING_IS_NEWS ? [] : [`${(100 * share).toFixed(0)} % of the time waits for data`];
