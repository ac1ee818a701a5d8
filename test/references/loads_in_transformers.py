"""Loads a published folder as a Python user does and compares its scores: python loads_in_transformers.py FOLDER [LOGITS]

LOGITS (default FOLDER/logits.json): { ids, mask, types?, logits }, rows padded to one length; logits flat, of all rows, or of all
positions. Fails unless all tensors are taken and all scores are within 1e-5.
"""
import json
import pathlib
import sys

import torch
import transformers
from safetensors.torch import load_file

folder = pathlib.Path(sys.argv[1])
given = json.loads(pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else folder / "logits.json").read_text())
config = transformers.AutoConfig.from_pretrained(folder)
architecture = config.architectures[0]
model, report = getattr(transformers, architecture).from_pretrained(folder, output_loading_info=True)
batch = {"input_ids": torch.tensor(given["ids"]), "attention_mask": torch.tensor(given["mask"], dtype=torch.long)}
if given.get("types"):
    batch["token_type_ids"] = torch.tensor(given["types"])
with torch.no_grad():
    found = model.eval()(**batch)

missing, unexpected = (set(report[key]) for key in ("missing_keys", "unexpected_keys"))
if architecture.endswith("Model"):  # no class of Hugging Face's has this head: it lies beside the base
    head = {name: tensor for name, tensor in load_file(folder / "model.safetensors").items() if name.startswith("head.")}
    missing -= {"pooler.dense.weight", "pooler.dense.bias"}
    unexpected -= head.keys()
    hidden, mask = found.last_hidden_state, batch["attention_mask"].unsqueeze(-1)
    pooled = hidden[:, 0] if config.classifier_pooling == "first" else (hidden * mask).sum(1) / mask.sum(1)
    logits = pooled @ head["head.weight"].T + head["head.bias"]
else:
    logits = found.logits
assert not missing and not unexpected, f"missing {missing}, unexpected {unexpected}"
assert config.num_labels == logits.shape[-1], (config.num_labels, logits.shape)
difference = (logits.flatten() - torch.tensor(given["logits"])).abs()
if logits.dim() == 3:
    difference = difference.reshape(logits.shape)[batch["attention_mask"].bool()]
print(f"{folder.name}: {architecture}, {config.num_labels} labels, problem_type {config.problem_type}, worst difference {difference.max():.1e}")
sys.exit(0 if difference.max() < 1e-5 else 1)
