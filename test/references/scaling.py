"""A table as scikit-learn makes it inputs: python scaling.py

Writes table.csv (120 rows: numbers with gaps, a constant, categories with gaps, the split) and table-scaled.json: for each
of the scales the statistics of the training rows and every row's vector.
"""
import csv
import io
import random

import numpy as np
import sklearn
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, StandardScaler

from fixtures import FIXTURES, write

NUMERIC, CATEGORICAL = ["age", "income", "constant", "tiny"], ["job", "city"]
rng = random.Random(7)
rows = []
for i in range(120):
    split = "validation" if i % 6 == 4 else "test" if i % 6 == 5 else "train"
    rows.append({
        "id": f"r{i}",
        "age": "" if i % 11 == 3 else str(rng.randint(18, 90)),
        "income": "" if i % 6 == 5 and i % 4 == 1 else f"{rng.lognormvariate(10, 1):.2f}",
        "constant": "3.1",
        "tiny": f"{rng.gauss(0, 1) * 1e-9:.6e}",
        "job": "" if i % 13 == 1 else rng.choice(["clerk", "Nurse", "pilot", "étudiant"]),
        "city": "Ulm" if i % 6 == 4 and i % 5 == 0 else rng.choice(["Bern", "Oslo"]),
        "price": f"{rng.gauss(100, 25):.3f}",
        "group": rng.choice(["a", "b", "c"]),
        "split": split,
    })
text = io.StringIO()
writer = csv.DictWriter(text, rows[0], lineterminator="\n")
writer.writeheader()
writer.writerows(rows)
(FIXTURES / "table.csv").write_text(text.getvalue(), encoding="utf-8")

numbers = np.array([[float(row[c]) if row[c] else np.nan for c in NUMERIC] for row in rows])
categories = np.array([[row[c] for c in CATEGORICAL] for row in rows], dtype=object)
train = np.array([row["split"] == "train" for row in rows])

indicator = MissingIndicator(features="missing-only", error_on_new=False).fit(numbers[train])
encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(categories[train])
result = []
for name, scaler in {"z-score": StandardScaler(), "min-max": MinMaxScaler(), "none": FunctionTransformer()}.items():
    # Scaled first, so that the gaps do not narrow the deviation; the mean of what was scaled is the scaled mean.
    scaling = make_pipeline(scaler, SimpleImputer(strategy="mean")).fit(numbers[train])
    vectors = np.hstack([scaling.transform(numbers), indicator.transform(numbers), encoder.transform(categories)])
    divisor = {"z-score": "scale_", "min-max": "data_range_", "none": ""}[name]
    offset = {"z-score": "mean_", "min-max": "data_min_", "none": ""}[name]
    result.append({
        "scale": name,
        "offset": getattr(scaler, offset).tolist() if offset else [0.0] * len(NUMERIC),
        "divisor": (1 / scaler.scale_).tolist() if name == "min-max" else getattr(scaler, divisor).tolist() if divisor else [1.0] * len(NUMERIC),
        "vectors": {row["id"]: [float(v) for v in np.round(vector.astype("float32").astype(float), 12)] for row, vector in zip(rows, vectors)},
    })
prices = np.array([float(row["price"]) for row in rows], dtype="float32")[train].astype(float)
write(
    "table-scaled.json",
    {"madeWith": {"sklearn": sklearn.__version__}, "numeric": NUMERIC, "categorical": CATEGORICAL,
     "gaps": [NUMERIC[i] for i in indicator.features_], "categories": [list(c) for c in encoder.categories_],
     "mean": np.nanmean(numbers[train], axis=0).tolist(), "price": {"mean": prices.mean(), "deviation": prices.std()}},
    scales=result)
