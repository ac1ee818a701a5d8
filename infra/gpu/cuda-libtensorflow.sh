#!/bin/sh
# Installs libtensorflow for NVIDIA GPUs (x86_64, about 6 GB) and prints the folder for TEMPER_LIBTENSORFLOW:
#
#   export TEMPER_LIBTENSORFLOW=$(sh infra/gpu/cuda-libtensorflow.sh)
#   npm run setup && npx temper doctor && npm run bench -- gpu
#
# It is TensorFlow's Python package with its CUDA parts, in $1 or beside Temper's other parts. Needs a driver for CUDA 12 (525 or later).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=${TEMPER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/temper}
place=${1:-$cache/cuda-tensorflow-2.21.0}

if [ ! -e "$place/complete" ]; then
  rm -rf "$place"
  python3 -m venv "$place" >&2
  "$place/bin/pip" --disable-pip-version-check install --no-cache-dir --only-binary=:all: \
    --constraint "$here/constraints.txt" 'tensorflow[and-cuda]==2.21.0' >&2
  touch "$place/complete"
fi
for folder in "$place"/lib/python3*/site-packages/tensorflow; do
  echo "$folder"
done
