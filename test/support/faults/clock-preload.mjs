// A clock that is wrong, for a process of ours: NODE_OPTIONS=--import=THIS. The file that TEMPER_FAULT_CLOCK names holds how many
// milliseconds it is off; it is read at the start and again with each SIGUSR2.
import { readFileSync } from 'node:fs';

const file = process.env['TEMPER_FAULT_CLOCK'];
const read = () => (file === undefined ? 0 : Number(readFileSync(file, 'utf8')));
let offset = read();
process.on('SIGUSR2', () => (offset = read()));

const RealDate = Date;
const now = () => RealDate.now() + offset;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    /** @type {object} */ (
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget === globalThis.Date ? target : newTarget)
    ),
  apply: () => new RealDate(now()).toString(),
  get: (target, name) => /** @type {unknown} */ (name === 'now' ? now : Reflect.get(target, name)),
});
