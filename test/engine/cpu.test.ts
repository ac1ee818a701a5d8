import { expect, it } from 'vitest';
import { oneDnnEnvironment } from '../../engine/cpu.js';

it.each([
  ['AVX2 only: left off by TensorFlow', ['fma', 'avx', 'avx2'], { TF_ENABLE_ONEDNN_OPTS: '1' }],
  ['AVX-512 without VNNI: left off too', ['avx', 'avx2', 'avx512f'], { TF_ENABLE_ONEDNN_OPTS: '1' }],
  ['AVX-512 with VNNI: on by itself', ['avx', 'avx2', 'avx512f', 'avx512_vnni'], {}],
  ['AVX-VNNI: on by itself', ['avx', 'avx2', 'avx_vnni'], {}],
  ['AMX: on by itself', ['avx2', 'amx_tile'], {}],
  ['no AVX2: oneDNN has little to offer', ['sse4_2', 'avx'], {}],
  ['ARM: not this build', ['asimd', 'bf16'], {}],
])('%s', (_case, flags, expected) => expect(oneDnnEnvironment(flags, {})).toEqual(expected));

it('what the environment says stays as it is', () =>
  expect(oneDnnEnvironment(['avx2'], { TF_ENABLE_ONEDNN_OPTS: '0' })).toEqual({}));
