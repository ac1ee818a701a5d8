"""Writes test/fixtures/tables: the same rows in every columnar format, as pyarrow and Hugging Face datasets write them.

    python test/references/make_tables.py        (pyarrow, datasets)
"""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
from datasets import ClassLabel, Dataset, DatasetDict, Features, Sequence, Value

OUT = Path(__file__).parent.parent / "fixtures" / "tables"
shutil.rmtree(OUT, ignore_errors=True)
OUT.mkdir(parents=True)

N = 120
rows = {
    "id": list(range(N)),
    "text": [None if i % 40 == 7 else f"row {i}: grüße 🙂 " + "x" * (i % 9) for i in range(N)],
    "score": [float("nan") if i % 30 == 3 else i / 4 for i in range(N)],
    "big": [2**53 + 2 * i if i % 50 == 0 else i for i in range(N)],
    "flag": [None if i % 11 == 5 else i % 3 == 0 for i in range(N)],
    "words": [[f"w{j}" for j in range(i % 4)] for i in range(N)],
    "place": [{"x": i, "name": f"p{i}"} for i in range(N)],
    "kind": [f"kind {i % 3}" for i in range(N)],
    "day": [1_600_000_000_000 + i * 86_400_000 for i in range(N)],
}
table = pa.table(
    {
        **{k: v for k, v in rows.items() if k not in ("kind", "day")},
        "kind": pa.array(rows["kind"]).dictionary_encode(),
        "day": pa.array(rows["day"], pa.timestamp("ms")),
    }
)

for name in ("none", "snappy", "gzip", "zstd", "lz4", "brotli"):
    pq.write_table(table, OUT / f"rows-{name}.parquet", compression=name, row_group_size=50)
pq.write_table(table, OUT / "rows-v2.parquet", data_page_version="2.0", version="2.6", use_dictionary=False)
for name in ("uncompressed", "lz4", "zstd"):
    feather.write_feather(table, OUT / f"rows-{name}.feather", compression=name, chunksize=50)
with pa.OSFile(str(OUT / "rows-stream.arrow"), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
    writer.write_table(table, max_chunksize=50)

expected = [
    {
        "id": i,
        "text": rows["text"][i],
        "score": None if i % 30 == 3 else rows["score"][i],
        "big": str(rows["big"][i]) if rows["big"][i] > 2**53 - 1 else rows["big"][i],
        "flag": rows["flag"][i],
        "words": rows["words"][i],
        "place": rows["place"][i],
        "kind": rows["kind"][i],
        "day": datetime.fromtimestamp(rows["day"][i] / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    }
    for i in range(N)
]
(OUT / "rows.json").write_text(json.dumps(expected, ensure_ascii=False))

features = Features(
    {
        "text": Value("string"),
        "label": ClassLabel(names=["calm", "storm"]),
        "tags": Sequence(ClassLabel(names=["O", "B"])),
    }
)


def part(first, count):
    return Dataset.from_dict(
        {
            "text": [f"weather {i}" for i in range(first, first + count)],
            "label": [i % 2 for i in range(first, first + count)],
            "tags": [[0, i % 2] for i in range(first, first + count)],
        },
        features=features,
    )


DatasetDict({"train": part(0, 20), "test": part(20, 6)}).save_to_disk(OUT / "saved")
hub = OUT / "hub" / "data"
hub.mkdir(parents=True)
part(0, 12).to_parquet(hub / "train-00000-of-00002.parquet")
part(12, 8).to_parquet(hub / "train-00001-of-00002.parquet")
part(20, 6).to_parquet(hub / "test-00000-of-00001.parquet")
