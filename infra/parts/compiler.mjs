import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * @param {string} command
 * @returns {boolean} whether the shell would find it; a path is looked at as it is
 */
export const onPath = (command) => {
  const folders = command.includes('/')
    ? ['']
    : (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
};

/** @returns {string | undefined} the C++ compiler: the user's CXX, or the first of the usual names */
export const cxxCompiler = () =>
  [process.env.CXX ?? '', 'c++', 'g++', 'clang++'].find((command) => command !== '' && onPath(command));
