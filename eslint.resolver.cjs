// Where a relative import leads, for eslint-plugin-boundaries: to the source of the built name that we write.
// A file that does not exist (yet) is taken by its name; that it is missing is the compiler's to say.
'use strict';
const { existsSync } = require('node:fs');
const { dirname, resolve } = require('node:path');

exports.interfaceVersion = 2;

exports.resolve = (specifier, importer) => {
  if (!specifier.startsWith('.')) return { found: false };
  const path = resolve(dirname(importer), specifier);
  return { found: true, path: path.endsWith('.js') && !existsSync(path) ? path.replace(/\.js$/, '.ts') : path };
};
