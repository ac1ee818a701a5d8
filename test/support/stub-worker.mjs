// Stands for a worker: says that it is ready, drains on SIGTERM for as long as told, ends with its channel.
import { appendFileSync, writeFileSync } from 'node:fs';

const [, , notes = '', drainMs = '0', fails = ''] = process.argv;

/** @param {string} what */
const note = (what) => appendFileSync(notes, `${what} ${process.pid}\n`);

if (fails === 'fails') process.exit(7);
writeFileSync(`${notes}.env`, JSON.stringify(process.env));
process.on('disconnect', () => {
  note('disconnected');
  process.exit(0);
});
process.on('SIGINT', () => note('interrupted'));
process.on('SIGTERM', () => {
  note('asked to stop');
  setTimeout(() => {
    note('drained');
    process.exit(0);
  }, Number(drainMs));
});
setInterval(() => {}, 1000);
// Last: whoever hears it may send a signal before this line returns.
note('started');
process.send?.('ready');
