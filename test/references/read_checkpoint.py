"""Loads the newest checkpoint of a run that verifies from a copy of the bucket, by docs/checkpoint-format.md alone.

    python read_checkpoint.py BUCKET_FOLDER RUN [LINEAGE]      prints step, state digest and every tensor's shape and sum

It does not know which lineages of an adjusted run hold at which step, nor does it look for one that is further below the newest
(Reading, 3): that is for whoever trains on.
"""
from __future__ import annotations

import hashlib
import json
import math
import struct
import sys
from array import array
from pathlib import Path


class Damaged(Exception):
    pass


def read_record(path: Path) -> dict:
    data = path.read_bytes()
    body, tail = data[: data.rfind(b'"sha256"')], data[data.rfind(b'"sha256"') :]
    if tail != b'"sha256": "%s"\n}\n' % hashlib.sha256(body).hexdigest().encode():
        raise Damaged(f"{path} is damaged")
    record = json.loads(data)
    if record["format"] != "temper-checkpoint/1":
        raise SystemExit(f"{path} is of another version, {record['format']}")
    if (record["run"], record["sequence"]) != (path.parent.parent.name, int(path.stem)):
        raise Damaged(f"{path} is that of another checkpoint")
    return record


def read_shard(bucket: Path, shard: dict) -> dict:
    path = bucket / shard["key"]
    data = path.read_bytes() if path.exists() else b""
    if len(data) != shard["bytes"] or hashlib.sha256(data).hexdigest() != shard["sha256"]:
        raise Damaged(f"{shard['key']} is damaged")
    return dict(read_tensors(data))


def read_tensors(data: bytes):
    """Safetensors by its own rules, so that the standard library is enough; `safetensors.numpy.load(data)` does the same."""
    (length,) = struct.unpack("<Q", data[:8])
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name != "__metadata__":
            begin, end = (8 + length + offset for offset in entry["data_offsets"])
            yield name, (entry["shape"], array("f", data[begin:end]))


def state_digest(manifest: dict, tensors: dict) -> str:
    lines = [
        f"{name} F32 [{','.join(map(str, shape))}] {hashlib.sha256(values).hexdigest()}"
        for name, (shape, values) in tensors.items()
    ]
    lines.sort(key=lambda line: line.encode("utf-16-be"))
    lines.append("at {step} {epoch} {cursor}\n".format(**manifest))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def newest_checkpoint(bucket: Path, run: str, lineage: str | None = None) -> tuple[dict, dict]:
    for path in sorted((bucket / "runs" / run / "checkpoints").glob("*.json"), reverse=True):
        try:
            record = read_record(path)
            if record["kind"] == "manifest" and lineage in (None, record["lineage"]):
                shards = [read_shard(bucket, shard) for shard in record["shards"]]
                tensors = {name: tensor for shard in shards for name, tensor in shard.items()}
                if state_digest(record, tensors) != record["stateDigest"]:
                    raise Damaged(f"{path} has another state digest than its tensors and position")
                return record, tensors
        except Damaged as damage:
            print(f"{damage}: an older checkpoint is looked for", file=sys.stderr)
    raise SystemExit(f"{run} has no checkpoint that verifies")


if __name__ == "__main__":
    manifest, tensors = newest_checkpoint(Path(sys.argv[1]), *sys.argv[2:])
    print(manifest["step"], manifest["stateDigest"])
    for name in sorted(tensors):
        shape, values = tensors[name]
        print(name, shape, math.fsum(values))
