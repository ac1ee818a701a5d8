"""Writes test/fixtures/image-tables: the same images in tables, as Hugging Face datasets and pyarrow write them.

    python test/references/make_image_tables.py        (pyarrow, datasets, pillow)
"""

import io
import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import ClassLabel, Dataset, Features, Image, Value
from PIL import Image as Pillow

OUT = Path(__file__).parent.parent / "fixtures" / "image-tables"
shutil.rmtree(OUT, ignore_errors=True)
(OUT / "hub" / "data").mkdir(parents=True)


def png(i: int) -> bytes:
    file = io.BytesIO()
    Pillow.new("RGB", (12 + i % 5, 12), (20 * i % 256, 50 + i, 200 - 7 * i)).save(file, "png")
    return file.getvalue()


N = 12
images = [png(i) for i in range(N)]
features = Features({"image": Image(), "label": ClassLabel(names=["cat", "dog"]), "note": Value("string")})


def rows(of: range) -> dict:
    return {
        "image": [{"bytes": images[i], "path": f"{i}.png"} for i in of],
        "label": [i % 2 for i in of],
        "note": [f"note {i}" for i in of],
    }


Dataset.from_dict(rows(range(8)), features=features).to_parquet(OUT / "hub/data/train-00000-of-00001.parquet")
Dataset.from_dict(rows(range(8, 10)), features=features).to_parquet(OUT / "hub/data/validation-00000-of-00001.parquet")
Dataset.from_dict(rows(range(10, 12)), features=features).to_parquet(OUT / "hub/data/test-00000-of-00001.parquet")
Dataset.from_dict(rows(range(N)), features=features).save_to_disk(OUT / "saved")
bare = pa.table({"image": pa.array(images, pa.binary()), "label": ["cat", "dog"] * (N // 2), "note": [f"note {i}" for i in range(N)]})
pq.write_table(bare, OUT / "bare.parquet", row_group_size=5)
(OUT / "images.json").write_text(json.dumps([image.hex() for image in images]) + "\n")
