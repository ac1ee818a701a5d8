"""Fifty steps of full fine-tuning in PyTorch: python adamw_steps.py MODEL_DIR WORDNET_DICT_DIR

MiniLM and a 21-way head on real glosses, every tensor but the pooler's trained, no dropout: AdamW at a constant rate,
weight decay on what is neither a bias nor of a LayerNorm, gradients clipped by their global norm, mean cross-entropy.
The same in float64 tells how far single precision alone carries each tensor (`float64Deviation`). A softmax does not see a bias common to all its keys: the key biases' gradient is
zero but for rounding, which Adam blows up, so their change means nothing (`gradientIsZero`).
"""
import hashlib
import math
import sys

import torch
from transformers import AutoModel, AutoTokenizer

from fixtures import MADE_WITH, digits, mean_pooled, read_rows, write

STEPS, BATCH, MAX_LENGTH, BUCKET, CLASSES, WIDTH, SAMPLES = 50, 16, 32, 8, 21, 384, 64
RATE, BETAS, EPSILON, DECAY, CLIP = 1e-4, (0.9, 0.999), 1e-8, 0.01, 1.0
EMBEDDINGS = "embeddings.{}_embeddings.weight"

torch.use_deterministic_algorithms(True)
torch.set_num_threads(4)
model_dir, dict_dir = sys.argv[1:3]


def batches():
    """Train rows in the order of SHA-256 of `adamw:offset`: [(ids without padding, labels)]; a label is the topic's place."""
    tokenizer = AutoTokenizer.from_pretrained(model_dir)
    rows = sorted(read_rows(dict_dir, "train"), key=lambda row: hashlib.sha256(f"adamw:{row[0]}".encode()).hexdigest())
    topics = sorted({topic for _, topic, _ in rows})
    assert len(topics) == CLASSES
    ids = tokenizer([gloss for _, _, gloss in rows[:STEPS * BATCH]], truncation=True, max_length=MAX_LENGTH, padding=False).input_ids
    labels = [topics.index(topic) for _, topic, _ in rows[:STEPS * BATCH]]
    return [(ids[i:i + BATCH], labels[i:i + BATCH]) for i in range(0, STEPS * BATCH, BATCH)]


def padded_length(ids):
    return math.ceil(max(map(len, ids)) / BUCKET) * BUCKET


def padded(ids):
    length = padded_length(ids)
    tokens = torch.tensor([row + [0] * (length - len(row)) for row in ids])
    mask = torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row in ids])
    return tokens, mask  # (batch, length) each


def initial_head():
    """weight[i][j] = 0.02 sin(0.37 (i 21 + j) + 1) in (in, out) layout, in float64, rounded to float32; bias 0."""
    return torch.tensor([[0.02 * math.sin(0.37 * (i * CLASSES + j) + 1) for j in range(CLASSES)] for i in range(WIDTH)], dtype=torch.float64).float()


def train(data, dtype):
    base = AutoModel.from_pretrained(model_dir, dtype=torch.float32).to(dtype).eval()  # eval: no dropout
    head = torch.nn.Linear(WIDTH, CLASSES).to(dtype)
    with torch.no_grad():
        head.weight.copy_(initial_head().T)
        head.bias.zero_()
    tensors = {name: tensor for name, tensor in base.named_parameters() if not name.startswith("pooler.")}
    tensors |= {"head.weight": head.weight, "head.bias": head.bias}
    before = {name: tensor.detach().clone() for name, tensor in tensors.items()}
    decayed = [t for name, t in tensors.items() if not (name.endswith("bias") or "LayerNorm" in name)]
    plain = [t for name, t in tensors.items() if name.endswith("bias") or "LayerNorm" in name]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": DECAY}, {"params": plain, "weight_decay": 0.0}],
        lr=RATE, betas=BETAS, eps=EPSILON, foreach=False, fused=False)
    losses, norms = [], []
    for ids, labels in data:
        tokens, mask = padded(ids)
        optimizer.zero_grad()
        pooled = mean_pooled(base(input_ids=tokens, attention_mask=mask).last_hidden_state, mask)
        loss = torch.nn.functional.cross_entropy(head(pooled), torch.tensor(labels))
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(list(tensors.values()), CLIP))
        optimizer.step()
        losses.append(loss)
    in_out = {name: (tensor.T if name == "head.weight" else tensor) for name, tensor in before.items()}
    after = {name: (tensor.T if name == "head.weight" else tensor).detach() for name, tensor in tensors.items()}
    return torch.stack(losses), torch.stack(norms), in_out, after


def sampled_coordinates(name, shape, data):
    """64 flat indices (row-major), evenly spread; in embeddings only over rows that some batch uses: others merely decay."""
    rows = {
        EMBEDDINGS.format("word"): sorted({token for ids, _ in data for row in ids for token in row}),
        EMBEDDINGS.format("position"): list(range(max(len(row) for ids, _ in data for row in ids))),
        EMBEDDINGS.format("token_type"): [0],
    }.get(name, list(range(shape[0])))
    width = math.prod(shape[1:])
    return [rows[place // width] * width + place % width for place in spread(len(rows) * width)]


def spread(space):
    """Up to SAMPLES different places in range(space): one in each of as many equal parts, at a drifting offset."""
    if space <= SAMPLES:
        return list(range(space))
    return [k * space // SAMPLES + 97 * k % (space // SAMPLES) for k in range(SAMPLES)]


data = batches()
losses, norms, before, after = train(data, torch.float32)
losses64, _, before64, after64 = train(data, torch.float64)
print("loss", losses[0].item(), "to", losses[-1].item(), "; against float64 at most", (losses - losses64).abs().max().item())
tensors = []
for name, initial in sorted(before.items()):
    change, change64 = (after[name] - initial).double(), after64[name] - before64[name]
    at = sampled_coordinates(name, initial.shape, data)
    picked = torch.tensor(at)
    deviation = ((change - change64).norm() / change64.norm()).item()
    tensors.append({
        "name": name, "gradientIsZero": name.endswith("key.bias"), "shape": list(initial.shape), "changeNorm": digits([change.norm().item()])[0],
        "float64Deviation": float(f"{deviation:.2g}"), "at": at,
        "initial": digits(initial.flatten()[picked]), "final": digits(after[name].flatten()[picked])})
worst = sorted(tensors, key=lambda t: -t["float64Deviation"])
print("float64 deviation", [(t["name"], t["float64Deviation"]) for t in worst[:12]])
words = EMBEDDINGS.format("word")
used = {token for ids, _ in data for row in ids for token in row}
unused = [row for row in range(before[words].shape[0]) if row not in used]
at = [unused[place // WIDTH] * WIDTH + place % WIDTH for place in spread(len(unused) * WIDTH)]
decay_only = {
    "name": words, "at": at, "initial": digits(before[words].flatten()[at]), "final": digits(after[words].flatten()[at])}
settings = {
    "madeWith": MADE_WITH, "steps": STEPS, "batchSize": BATCH, "maxLength": MAX_LENGTH, "bucket": BUCKET, "classes": CLASSES,
    "learningRate": RATE, "betas": list(BETAS), "epsilon": EPSILON, "weightDecay": DECAY, "clipNorm": CLIP,
    "headLayout": "(in, out)", "headWeight": "0.02 * sin(0.37 * (i * 21 + j) + 1)", "decayOnly": decay_only}
write(
    "minilm-adamw-50-steps.json", settings,
    batches=[{"loss": loss, "gradientNorm": norm, "length": padded_length(ids), "labels": labels, "ids": ids}
             for (ids, labels), loss, norm in zip(data, digits(losses), digits(norms))],
    tensors=tensors)
