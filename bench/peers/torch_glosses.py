"""The glosses job in PyTorch: 21 WordNet noun topics, 400 train and 200 test glosses each.

python torch_glosses.py MODEL_DIR WORDNET_DICT_DIR [--rows examples/glosses/rows.csv] [--json]

With --rows it trains and tests on exactly the example's rows (train and validation together train: 400 a topic);
without, it draws rows of its own. A line for each epoch, then one for the whole:
    {"peer": "torch eager fp32", "work": "glosses epoch 1", "seconds": 75.0, "accuracy": 0.806}
    {"peer": "torch eager fp32", "work": "glosses", "seconds": 150.2, "accuracy": 0.821, "wallSeconds": 163.0}
`seconds` counts training only; `wallSeconds` is all of it from the loading of the model, with tokenising and testing.
"""
import sys
import time

import torch
from transformers import AutoModel, AutoTokenizer

from glosses_rows import drawn, listed
from report import argument, report

rows_file = argument("--rows")
model_dir, dict_dir = sys.argv[1:3]
train, test, topics = drawn(dict_dir) if rows_file is None else listed(dict_dir, rows_file, train=("train", "validation"))
begin = time.time()
torch.manual_seed(0)
tokenizer, base = AutoTokenizer.from_pretrained(model_dir), AutoModel.from_pretrained(model_dir)
head = torch.nn.Linear(384, len(topics))


def encode(rows):
    batch = tokenizer([g for g, _ in rows], truncation=True, max_length=32, padding="max_length", return_tensors="pt")
    return batch.input_ids, batch.attention_mask, torch.tensor([y for _, y in rows])


def logits(ids, mask):
    hidden, weight = base(input_ids=ids, attention_mask=mask).last_hidden_state, mask.unsqueeze(-1).float()
    return head((hidden * weight).sum(1) / weight.sum(1))


ids, mask, y = encode(train)
test_ids, test_mask, test_y = encode(test)
optimizer = torch.optim.AdamW([*base.parameters(), *head.parameters()], lr=1e-4, weight_decay=0.01)
steps, epochs = len(y) // 32, 2
schedule = torch.optim.lr_scheduler.LambdaLR(
    optimizer, lambda s: min((s + 1) / 50, max(0, (epochs * steps - s) / (epochs * steps - 50))))
trained = 0
for epoch in range(epochs):
    base.train()
    start, order = time.time(), torch.randperm(len(y))
    for k in range(steps):
        i = order[k * 32:k * 32 + 32]
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(logits(ids[i], mask[i]), y[i]).backward()
        optimizer.step()
        schedule.step()
    seconds = time.time() - start
    trained += seconds
    base.eval()
    with torch.no_grad():
        guess = torch.cat([logits(test_ids[i:i + 128], test_mask[i:i + 128]).argmax(1) for i in range(0, len(test_y), 128)])
    accuracy = round((guess == test_y).float().mean().item(), 4)
    report("torch eager fp32", f"glosses epoch {epoch + 1}", seconds=round(seconds, 1), accuracy=accuracy)
report("torch eager fp32", "glosses", seconds=round(trained, 1), accuracy=accuracy, wallSeconds=round(time.time() - begin, 1))
