// libtensorflow from TensorFlow's own wheel: PyPI has every version and platform, with digests, and the wheel's library
// is the one that Python users run.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fetchWheel, unzip } from './fetch.mjs';
import { machine } from './part.mjs';

export const LIBRARIES = /** @type {const} */ (['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']);
const VERSION = '2.21.0';

// The library in it does not depend on the Python version: one wheel, so one digest, for every user.
const WHEELS = {
  x86_64: {
    project: 'tensorflow-cpu',
    sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
    downloadBytes: 273_829_956,
  },
  aarch64: {
    project: 'tensorflow',
    sha256: '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c',
    downloadBytes: 281_828_020,
  },
};

/** The headers that the addon includes; the other 13,000 of the wheel (260 MB) are left out. */
export const HEADERS = [
  'tensorflow/c/c_api.h',
  'tensorflow/c/c_api_macros.h',
  'tensorflow/c/eager/c_api.h',
  'tensorflow/c/tf_attrtype.h',
  'tensorflow/c/tf_buffer.h',
  'tensorflow/c/tf_datatype.h',
  'tensorflow/c/tf_status.h',
  'tensorflow/c/tf_tensor.h',
  'tensorflow/c/tf_tstring.h',
  'tensorflow/core/platform/ctstring.h',
  'tensorflow/core/platform/ctstring_internal.h',
  'tsl/platform/ctstring.h',
  'tsl/platform/ctstring_internal.h',
  'xla/tsl/c/tsl_status.h',
];

const arch = machine() ?? 'x86_64';
const wheel = WHEELS[arch];

/** @type {import('./part.mjs').Part} */
export const libtensorflow = {
  name: 'libtensorflow',
  version: VERSION,
  folder: `libtensorflow-${VERSION}-linux-${arch}-${wheel.sha256.slice(0, 12)}`,
  payload: '',
  needs: ['python'],
  downloadBytes: wheel.downloadBytes,
  ownEnv: 'TEMPER_LIBTENSORFLOW',
  ownProblem: (folder) => {
    const lacking = [...LIBRARIES, 'include/tensorflow/c/c_api.h'].filter((file) => !existsSync(join(folder, file)));
    return lacking.length === 0 ? undefined : `${folder} lacks ${lacking.join(', ')}`;
  },
  make: async ({ part, scratch }) => {
    const pipArgs = [
      '--python-version=3.11',
      '--implementation=cp',
      '--abi=cp311',
      `--platform=manylinux_2_27_${arch}`,
    ];
    const pinned = { project: wheel.project, version: VERSION, sha256: wheel.sha256, pipArgs };
    const archive = await fetchWheel(pinned, scratch, 'or set TEMPER_LIBTENSORFLOW to a folder of your own');
    await unzip(archive, part, 'tensorflow/', [
      ...LIBRARIES,
      ...HEADERS.map((header) => `include/${header}`),
      'THIRD_PARTY_NOTICES.txt',
      'include/LICENSE',
    ]);
  },
};
