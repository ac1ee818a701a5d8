"""Cleaning and splits as scikit-learn and pandas make them: python cleaning.py

Reads table.csv (made by scaling.py). Writes visits.csv (150 rows: a text with repetitions and gaps, a day, a patient, a class)
and cleaning.json: what stands in for gaps, robust scales, limits of outliers and what clipping to them makes of the table, rows
that stay, weights of classes, folds, and a split by time.
"""
import csv
import io
import random

import numpy as np
import pandas as pd
import sklearn
from sklearn.impute import SimpleImputer
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import RobustScaler, StandardScaler
from sklearn.utils.class_weight import compute_class_weight

from fixtures import FIXTURES, write

table = pd.read_csv(FIXTURES / "table.csv")
train = table[table["split"] == "train"]
NUMERIC, CATEGORICAL = ["age", "income", "constant", "tiny"], ["job", "city"]

fills = {}
for strategy in ["mean", "median", "most_frequent"]:
    imputer = SimpleImputer(strategy=strategy).fit(train[NUMERIC])
    fills[strategy.replace("_", "-")] = imputer.statistics_.tolist()
categories = SimpleImputer(strategy="most_frequent").fit(train[CATEGORICAL].astype(object)).statistics_.tolist()
robust = RobustScaler().fit(train[NUMERIC])

limits = {}
quartiles = train[NUMERIC].quantile([0.25, 0.75])
spread = quartiles.loc[0.75] - quartiles.loc[0.25]
limits["iqr"] = [(quartiles.loc[0.25] - 1.5 * spread).tolist(), (quartiles.loc[0.75] + 1.5 * spread).tolist()]
mean, deviation = train[NUMERIC].mean(), train[NUMERIC].std(ddof=0)
limits["z-score"] = [(mean - 2 * deviation).tolist(), (mean + 2 * deviation).tolist()]

low, high = limits["iqr"]
clipped = table[NUMERIC].clip(low, high, axis=1)
fitted = StandardScaler().fit(clipped[table["split"] == "train"])
scaled = np.nan_to_num(fitted.transform(clipped), nan=0.0)
outside = ((train[NUMERIC] < low) | (train[NUMERIC] > high)).any(axis=1)

rng = random.Random(11)
rows = [{
    "id": f"v{i}",
    "text": "" if i % 29 == 7 else f"visit {rng.randint(1, 90)}",
    "day": str(pd.Timestamp("2025-01-01") + pd.Timedelta(days=rng.randint(0, 60)))[:10],
    "patient": f"p{int(rng.paretovariate(0.9)) % 40}",
    # StratifiedKFold deals classes out in the order in which they first come: here that of their names.
    "label": ["a", "b", "c", "d"][i] if i < 4 else rng.choices("abcd", [60, 25, 12, 3])[0],
} for i in range(150)]
text = io.StringIO()
writer = csv.DictWriter(text, rows[0], lineterminator="\n")
writer.writeheader()
writer.writerows(rows)
(FIXTURES / "visits.csv").write_text(text.getvalue(), encoding="utf-8")
visits = pd.read_csv(FIXTURES / "visits.csv")

labels = sorted(set(visits["label"]))
weights = compute_class_weight("balanced", classes=np.array(labels), y=visits["label"])
folds = [
    [int((visits["label"].iloc[test] == label).sum()) for label in labels]
    for _, test in StratifiedKFold(5, shuffle=True, random_state=0).split(visits, visits["label"])
]
by_day = visits.sort_values("day", kind="stable")
# 120 train, 15 validation: cut where a day ends.
last_train, last_validation = by_day["day"].iloc[119], by_day["day"].iloc[134]

write(
    "cleaning.json",
    {"madeWith": {"sklearn": sklearn.__version__, "pandas": pd.__version__}, "numeric": NUMERIC, "categorical": CATEGORICAL,
     "fills": fills, "categories": categories,
     "robust": {"offset": robust.center_.tolist(), "divisor": robust.scale_.tolist()},
     "limits": limits, "outliers": train["id"][outside].tolist(),
     "complete": table.dropna(subset=["age", "job"])["id"].tolist(),
     "distinct": visits.dropna(subset=["text"]).drop_duplicates(subset=["text"])["id"].tolist(),
     "weights": dict(zip(labels, weights.tolist())), "folds": folds,
     "byTime": {"train": visits["id"][visits["day"] <= last_train].tolist(),
                "validation": visits["id"][(visits["day"] > last_train) & (visits["day"] <= last_validation)].tolist(),
                "test": visits["id"][visits["day"] > last_validation].tolist()}},
    clipped=[{"id": id, "scaled": [float(v) for v in np.round(row, 10)]} for id, row in zip(table["id"], scaled)])
