"""Loads the newest checkpoint of a run from a copy of the bucket, by docs/checkpoint-format.md alone.

    python read_checkpoint.py BUCKET_FOLDER RUN      prints step, state digest and every tensor's shape and sum
"""
import hashlib
import json
import sys
from pathlib import Path

from safetensors.numpy import load


def read_record(path: Path) -> dict:
    data = path.read_bytes()
    body, tail = data[: data.rindex(b'"sha256"')], data[data.rindex(b'"sha256"') :]
    if tail != b'"sha256": "%s"\n}\n' % hashlib.sha256(body).hexdigest().encode():
        raise ValueError(f"{path} is damaged")
    record = json.loads(data)
    if record["format"] != "temper-checkpoint/1":
        raise ValueError(f"{path} is of another version")
    return record


def read_shard(bucket: Path, shard: dict) -> dict:
    data = (bucket / shard["key"]).read_bytes()
    if len(data) != shard["bytes"] or hashlib.sha256(data).hexdigest() != shard["sha256"]:
        raise ValueError(f"{shard['key']} is damaged")
    return load(data)


def newest_checkpoint(bucket: Path, run: str) -> tuple[dict, dict]:
    for path in sorted((bucket / "runs" / run / "checkpoints").glob("*.json"), reverse=True):
        record = read_record(path)
        if record["kind"] == "manifest":
            shards = [read_shard(bucket, shard) for shard in record["shards"]]
            return record, {name: tensor for shard in shards for name, tensor in shard.items()}
    raise ValueError(f"{run} has no checkpoint")


if __name__ == "__main__":
    manifest, tensors = newest_checkpoint(Path(sys.argv[1]), sys.argv[2])
    print(manifest["step"], manifest["stateDigest"])
    for name in sorted(tensors):
        print(name, list(tensors[name].shape), float(tensors[name].sum()))
