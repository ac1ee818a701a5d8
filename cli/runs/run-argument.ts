import { Argument, InvalidArgumentError } from 'commander';

/** Of ids that `temper run` makes: part of a key on S3, so nothing else may come near a store. */
const pattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;

export const runArgument = (): Argument =>
  new Argument('<run>', 'id of the run (`temper list`)').argParser((text: string) => {
    if (pattern.test(text)) return text;
    throw new InvalidArgumentError('Expected a run id such as glosses-1a2b3c4d: `temper list` shows those there are.');
  });

/** A run, or a folder that `temper export` wrote. */
export const modelArgument = (): Argument =>
  new Argument('<model>', 'id of the run (`temper list`), or a folder that `temper export` wrote').argParser(
    (text: string) => {
      if (pattern.test(text) || text.includes('/')) return text;
      throw new InvalidArgumentError('Expected a run id such as glosses-1a2b3c4d, or the path of a folder.');
    },
  );
