"""Metrics by scikit-learn and seqeval: python metrics.py (needs seqeval 1.2.2, see README.md)

Small sets with what goes wrong: ties, classes that are absent, never predicted or the only one, nothing to divide by.
Where scikit-learn has no figure (a class without positives or negatives) the fixture has null, and means leave it out.
"""
import json
import warnings

import numpy as np
import sklearn
import sklearn.metrics as sk
import torch
from seqeval.metrics import classification_report
from seqeval.metrics.sequence_labeling import precision_recall_fscore_support as entity_figures

from fixtures import MADE_WITH, digits, write

warnings.filterwarnings("ignore")
random = np.random.default_rng(11)
NAMES = ["precision", "recall", "f1"]


def float32(values):
    return np.asarray(values, "float32").astype("float64")


def averaged(truth, predicted, average, labels=None):
    figures = sk.precision_recall_fscore_support(truth, predicted, average=average, labels=labels, zero_division=0)
    return dict(zip([name + ("micro" if average == "micro" else "") for name in NAMES], map(float, figures[:3])))


def per_class(truth, predicted, labels=None):
    figures = sk.precision_recall_fscore_support(truth, predicted, average=None, labels=labels, zero_division=0)
    return [dict(zip([*NAMES, "support"], map(float, row))) for row in np.array(figures).T]


def ranked(positive, scores):
    """[AUROC, average precision], or nulls where all rows are of one side."""
    if positive.all() or not positive.any():
        return [None, None]
    return [float(sk.roc_auc_score(positive, scores)), float(sk.average_precision_score(positive, scores))]


def mean_of_defined(values):
    defined = [value for value in values if value is not None]
    return float(np.mean(defined)) if defined else None


def ranking_figures(positive, scores):
    by_class = [ranked(positive[:, c], scores[:, c]) for c in range(scores.shape[1])]
    auroc, auprc = zip(*by_class)
    return {"auroc": mean_of_defined(auroc), "auprc": mean_of_defined(auprc)}, list(auroc), list(auprc)


def of_classes(name, logits, labels):
    logits, labels = float32(logits), np.asarray(labels)
    classes = logits.shape[1]
    predicted = logits.argmax(1)
    losses = torch.nn.functional.cross_entropy(torch.tensor(logits), torch.tensor(labels), reduction="none")
    positive = labels[:, None] == np.arange(classes)
    figures, auroc, auprc = ranking_figures(positive, torch.tensor(logits).softmax(1).numpy())
    figures |= {"loss": float(losses.mean()), "accuracy": float(sk.accuracy_score(labels, predicted))}
    if classes > 5:
        figures["top5"] = float(sk.top_k_accuracy_score(labels, logits, k=5, labels=range(classes)))
    figures |= averaged(labels, predicted, "macro") | averaged(labels, predicted, "micro")
    return {
        "name": name,
        "classes": classes,
        "labels": labels.tolist(),
        "logits": digits(logits),
        "losses": digits(losses),
        "confusion": sk.confusion_matrix(labels, predicted, labels=range(classes)).tolist(),
        "perClass": per_class(labels, predicted, range(classes)),
        "aurocByClass": auroc,
        "auprcByClass": auprc,
        "figures": figures,
    }


def of_many_labels(name, logits, flags):
    logits, flags = float32(logits), np.asarray(flags)
    predicted = (torch.tensor(logits).sigmoid().numpy() >= 0.5).astype(int)
    losses = torch.nn.functional.binary_cross_entropy_with_logits(torch.tensor(logits), torch.tensor(flags).double(), reduction="none").mean(1)
    figures, auroc, auprc = ranking_figures(flags == 1, logits)
    figures |= {"loss": float(losses.mean()), "accuracy": float(sk.accuracy_score(flags, predicted))}
    figures |= averaged(flags, predicted, "macro") | averaged(flags, predicted, "micro")
    return {
        "name": name,
        "classes": logits.shape[1],
        "flags": flags.flatten().tolist(),
        "logits": digits(logits),
        "losses": digits(losses),
        "perClass": per_class(flags, predicted),
        "aurocByClass": auroc,
        "auprcByClass": auprc,
        "figures": figures,
    }


def of_ranking(name, positive, scores):
    positive, scores = np.asarray(positive).astype(bool), float32(scores)
    auroc, auprc = ranked(positive, scores)
    return {"name": name, "positive": positive.astype(int).tolist(), "scores": digits(scores), "auroc": auroc, "auprc": auprc}


def of_numbers(name, values, predicted):
    values, predicted = float32(values), float32(predicted)
    r2 = float(sk.r2_score(values, predicted)) if len(values) > 1 else None
    figures = {"mae": float(sk.mean_absolute_error(values, predicted)), "rmse": float(sk.root_mean_squared_error(values, predicted)), "r2": r2}
    quantiles = np.quantile(predicted - values, [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1]).tolist()
    return {"name": name, "values": digits(values), "predicted": digits(predicted), "figures": figures, "quantiles": quantiles}


def of_entities(name, truth, predicted):
    figures = entity_figures(truth, predicted, average="micro", zero_division=0)
    report = classification_report(truth, predicted, output_dict=True, zero_division=0)
    flat = [[tag for row in rows for tag in row] for rows in (truth, predicted)]
    by_type = {
        kind: {"precision": float(row["precision"]), "recall": float(row["recall"]), "f1": float(row["f1-score"]), "support": int(row["support"])}
        for kind, row in report.items()
        if not kind.endswith(" avg")
    }
    return {
        "name": name,
        "truth": truth,
        "predicted": predicted,
        "figures": dict(zip(NAMES, map(float, figures[:3]))),
        "byType": by_type,
        "accuracy": float(sk.accuracy_score(*flat)),
        "ofTags": averaged(*flat, "macro"),
    }


def tags(choices, lengths, agree=None):
    """Random sequences; with `agree`, most tags are those of the given sequences."""
    rows = [[str(tag) for tag in random.choice(choices, n)] for n in lengths]
    if agree is None:
        return rows
    return [[old if random.random() < 0.7 else new for old, new in zip(*pair)] for pair in zip(agree, rows)]


def of_language(name, logits, labels, weights):
    losses = torch.nn.functional.cross_entropy(torch.tensor(logits), torch.tensor(labels), reduction="none").numpy()
    loss = float((losses * weights).sum() / weights.sum())
    right = (logits.argmax(1) == labels) & (weights > 0)
    return {
        "name": name,
        "labels": labels.tolist(),
        "weights": weights.tolist(),
        "predicted": logits.argmax(1).tolist(),
        "losses": digits(losses),
        "figures": {"loss": loss, "perplexity": float(np.exp(loss)), "accuracy": float(right.sum() / weights.sum())},
    }


def learnt(labels, classes, scale=1.5):
    return random.normal(size=(len(labels), classes)) + scale * np.eye(classes)[labels]


def with_repeats(logits, labels):
    """Rows again with another label: their scores are tied."""
    return np.concatenate([logits, logits[:20]]), np.concatenate([labels, np.roll(labels[:20], 1)])


seven = random.integers(0, 7, 80)
some = random.choice([0, 1, 2, 3], 60)
absent = learnt(some, 6)
absent[:, 5] = -9  # never predicted either
two = random.integers(0, 2, 50)
classes = [
    of_classes("seven classes with tied rows", *with_repeats(learnt(seven, 7), seven)),
    of_classes("rounded scores, many tied in a row", np.round(learnt(seven, 7)), seven),
    of_classes("a class that is only predicted, and one that never occurs", absent, some),
    of_classes("two classes", learnt(two, 2, 0.7), two),
    of_classes("one class alone", learnt(np.zeros(9, int), 3), np.zeros(9, int)),
    of_classes("one row", [[0.1, 2.0, -1.0]], [2]),
]
# Ties in exact arithmetic that rounding breaks are scikit-learn's to lose: no figures of ranks for the rounded scores.
for key in ("auroc", "auprc"):
    del classes[1]["figures"][key]
    del classes[1][f"{key}ByClass"]

flags = (random.random((60, 5)) < [0.5, 0.2, 0.1, 0, 1]).astype(int)
flags[:3, :4] = 0
many = [
    of_many_labels("classes that no row and every row has", np.round(random.normal(size=(60, 5)) + 2 * flags - 1, 1), flags),
    of_many_labels("no row has a class", random.normal(size=(7, 3)), np.zeros((7, 3), int)),
    of_many_labels("nothing is predicted", -1 - random.random((7, 3)), (random.random((7, 3)) < 0.5).astype(int)),
]

positive = random.random(200) < 0.3
ranking = [
    of_ranking("no ties", positive, random.normal(size=200) + positive),
    of_ranking("many ties", positive, np.round(random.normal(size=200) + positive)),
    of_ranking("all tied", positive, np.zeros(200)),
    of_ranking("minus zero ties with zero", [1, 0, 1, 0, 0], [0.0, -0.0, -0.0, 0.0, -1]),
    of_ranking("perfect", [0, 0, 1, 1], [1, 2, 3, 4]),
    of_ranking("upside down", [1, 1, 0, 0, 0], [1, 2, 3, 4, 5]),
    of_ranking("one positive", np.arange(50) == 17, random.random(50)),
    of_ranking("no positives", np.zeros(5), random.random(5)),
    of_ranking("no negatives", np.ones(5), random.random(5)),
]

values = random.normal(size=101) * 20 + 300
numbers = [
    of_numbers("around 300", values, values + random.normal(size=101) * 5),
    of_numbers("worse than the mean", values, -values),
    of_numbers("one value, missed", np.full(5, 3.0), [3, 3, 4, 3, 2]),
    of_numbers("one value, found", np.full(5, 3.0), np.full(5, 3.0)),
    of_numbers("one row", [2.0], [5.0]),
    of_numbers("two rows", [2.0, 4.0], [2.5, 4.0]),
]

lengths = random.integers(1, 12, 25)
kinds = ["PER", "LOC", "ORG-X"]
bio = ["O", *(f"{prefix}-{kind}" for kind in kinds for prefix in "BI")]
bioes = ["O", *(f"{prefix}-{kind}" for kind in kinds[:2] for prefix in "BIES")]
truth_bio, truth_bioes = tags(bio, lengths), tags(bioes, lengths)
bare = tags(["O", "B", "I"], lengths)
entities = [
    of_entities("BIO, in any order", truth_bio, tags(bio, lengths, truth_bio)),
    of_entities("BIOES, in any order", truth_bioes, tags(bioes, lengths, truth_bioes)),
    of_entities("BIO without types", bare, tags(["O", "B", "I"], lengths, bare)),
    of_entities("a broken beginning counts as one", [["B-PER", "I-PER", "O", "B-LOC"]], [["I-PER", "I-PER", "O", "B-LOC"]]),
    of_entities("an end is missed by one", [["B-PER", "I-PER", "O"]], [["B-PER", "I-PER", "I-PER"]]),
    of_entities("entities do not run on into the next row", [["O", "B-PER"], ["I-PER", "O"]], [["O", "B-PER"], ["I-PER", "O"]]),
    of_entities("nothing predicted", [["B-PER", "I-PER", "O"]], [["O", "O", "O"]]),
    of_entities("nothing there", [["O", "O", "O"]], [["O", "B-PER", "O"]]),
]

tokens = random.integers(0, 9, 40)
kept = (random.random(40) < 0.8).astype(float)
language = [of_language("forty positions, some left out", float32(learnt(tokens, 9)), tokens, kept)]

write(
    "metrics.json",
    {"madeWith": {"scikit-learn": sklearn.__version__, "seqeval": "1.2.2", "torch": MADE_WITH["torch"]}},
    classes=classes,
    manyLabels=many,
    ranking=ranking,
    numbers=numbers,
    entities=entities,
    language=language,
)
assert "NaN" not in json.dumps([classes, many, ranking, numbers, entities, language])
