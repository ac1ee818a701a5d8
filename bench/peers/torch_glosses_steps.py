"""Steps of the glosses job in PyTorch (MiniLM, 21 topics, batch 32, dropout 0.1), on the rows that the example trains on.

`padded to 32`: every row as long as the longest may be, as torch_glosses.py has it. `padded by batch`: to the longest row of its
batch, as transformers' DataCollatorWithPadding does.

python torch_glosses_steps.py MODEL_DIR WORDNET_DICT_DIR --rows examples/glosses/rows.csv [--json | --serve]
    {"peer": "torch eager fp32, padded to 32", "work": "glosses", "ms": 300.1} a line, of the median step
"""
import sys

import torch
from transformers import AutoModel, AutoTokenizer

from glosses_rows import listed
from report import argument, measure
from torch_steps import steps

rows_file = argument("--rows")
model_dir, dict_dir = sys.argv[1:3]
rows, _, topics = listed(dict_dir, rows_file, train=("train",))
torch.manual_seed(0)
tokens = AutoTokenizer.from_pretrained(model_dir)(
    [gloss for gloss, _ in rows], truncation=True, max_length=32, padding="max_length", return_tensors="pt")
all_ids, all_masks, all_labels = tokens.input_ids, tokens.attention_mask, torch.tensor([label for _, label in rows])


def glosses(by_batch):
    base, head = AutoModel.from_pretrained(model_dir).train(), torch.nn.Linear(384, len(topics))
    parameters = [*base.parameters(), *head.parameters()]

    def batches():
        while True:
            order = torch.randperm(len(rows))
            for at in range(0, len(order), 32):
                picked = order[at:at + 32]
                mask = all_masks[picked]
                length = int(mask.sum(1).max()) if by_batch else 32
                yield all_ids[picked, :length], mask[:, :length], all_labels[picked]

    next_batch = batches()

    def loss():
        ids, mask, labels = next(next_batch)
        hidden, weight = base(input_ids=ids, attention_mask=mask).last_hidden_state, mask.unsqueeze(-1).float()
        return torch.nn.functional.cross_entropy(head((hidden * weight).sum(1) / weight.sum(1)), labels)

    return steps(loss, parameters, torch.optim.AdamW(parameters, lr=1e-4, weight_decay=0.01, fused=True), 30)


measure({
    ("torch eager fp32, padded to 32", "glosses"): glosses(False),
    ("torch eager fp32, padded by batch", "glosses"): glosses(True),
})
