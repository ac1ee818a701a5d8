"""What the reference scripts share: where fixtures lie, how glosses are read, how numbers are written."""
import csv
import json
import pathlib

import numpy as np
import torch
import transformers

transformers.logging.disable_progress_bar()
FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures"
ROWS = pathlib.Path(__file__).parent.parent.parent / "examples/glosses/rows.csv"
TOPIC_NAMES = {5: "noun.animal", 13: "noun.food", 18: "noun.person", 28: "noun.time"}  # those that fixtures name
MADE_WITH = {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__}


def read_rows(dict_dir, split):
    """The example's rows of a split in the order of rows.csv: [(synset offset, lexicographer file, gloss)]."""
    glosses = {}
    for line in open(f"{dict_dir}/data.noun", encoding="latin1"):
        if not line.startswith("  "):
            head, gloss = line.split("|", 1)
            glosses[head.split()[0]] = gloss.split(";")[0].strip()
    with open(ROWS, encoding="ascii") as file:
        return [(row["offset"], int(row["topic"]), glosses[row["offset"]]) for row in csv.DictReader(file) if row["split"] == split]


def digits(values, significant=None):
    """A flat list of Python floats: the shortest that read back as the same float32, or rounded to `significant` digits."""
    flat = values.detach().float().flatten().numpy() if torch.is_tensor(values) else np.asarray(values, "float32").ravel()
    return [float(f"{v:.{significant}g}") if significant else float(np.format_float_scientific(v)) for v in flat]


def write(name, head, **lists):
    """JSON with the keys of `head` first, then each list with one element a line, so that a change shows as few lines."""
    parts = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    for key, items in lists.items():
        lines = ",\n".join(json.dumps(item, separators=(",", ":"), ensure_ascii=False) for item in items)
        parts.append(f"{json.dumps(key)}: [\n{lines}\n]")
    path = FIXTURES / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")
    print(f"{path}: {path.stat().st_size:,} bytes")


def mean_pooled(hidden, mask):
    weight = mask.unsqueeze(-1).to(hidden.dtype)  # (batch, length, 1)
    return (hidden * weight).sum(1) / weight.sum(1)  # (batch, width)


def sentence_vectors(tokenizer, model, texts, max_length):
    """[{"text", "ids", "vector"}]: ids with [CLS] and [SEP], the mean of the last hidden state over them, not normalised."""
    rows = []
    for text in texts:
        ids = tokenizer(text, truncation=True, max_length=max_length, padding=False).input_ids
        batch = torch.tensor([ids])
        with torch.no_grad():
            vector = mean_pooled(model(input_ids=batch, attention_mask=torch.ones_like(batch)).last_hidden_state, torch.ones_like(batch))
        rows.append({"text": text, "ids": ids, "vector": digits(vector, 7)})
    return rows
