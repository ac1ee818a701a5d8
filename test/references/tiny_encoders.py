"""Tiny random DistilBERT and RoBERTa, what they and tiny-bert compute, and a step's gradients of LoRA: python tiny_encoders.py

Reads tiny-bert/ and tiny-glosses.jsonl (tiny_bert.py), so it takes no arguments.
"""
import collections
import json
import shutil

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    AutoModelForSequenceClassification, AutoModelForTokenClassification, AutoTokenizer, DistilBertConfig, RobertaConfig)

from fixtures import FIXTURES, MADE_WITH, digits, mean_pooled, write

POSITIONS, LABELS, TAGS, MERGES = 64, ["noun.animal", "noun.food", "noun.time"], ["O", "B-X", "I-X", "B-Y", "I-Y"], 240
GLOSSES = [json.loads(line)["gloss"] for line in open(FIXTURES / "tiny-glosses.jsonl", encoding="utf-8")]
TEXTS = ["the fruit of an apple tree", "a wild cat; Café in ZÜRICH", "time"]
PAIRS = [("a small owl", "any bird of prey"), ("one hour", "sixty minutes"), ("a", "b")]
torch.set_num_threads(1)


def byte_level_bpe(folder):
    """RoBERTa's kind of tokenizer. The most frequent pair first, ties by its letters (the library's trainer breaks them at random)."""
    split = pre_tokenizers.ByteLevel(add_prefix_space=False)
    words = collections.Counter(word for gloss in GLOSSES for word, _ in split.pre_tokenize_str(gloss))
    pieces = {word: list(word) for word in words}
    merges = []
    while len(merges) < MERGES:
        pairs = collections.Counter()
        for word, count in words.items():
            for pair in zip(pieces[word], pieces[word][1:]):
                pairs[pair] += count
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        for word, parts in pieces.items():
            at = 0
            while at + 1 < len(parts):
                if (parts[at], parts[at + 1]) == best:
                    parts[at:at + 2] = ["".join(best)]
                at += 1
    tokens = ["<s>", "<pad>", "</s>", "<unk>", *sorted(pre_tokenizers.ByteLevel.alphabet()), *map("".join, merges), "<mask>"]
    vocabulary = {token: i for i, token in enumerate(dict.fromkeys(tokens))}
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>"))
    tokenizer.pre_tokenizer = split
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "RobertaTokenizer", "model_max_length": POSITIONS, "add_prefix_space": False}
    settings |= {"bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>", "mask_token": "<mask>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")
    return len(vocabulary)


def save(folder, config):
    """A classifier whose biases and LayerNorms are random too, so that none can be mistaken for another."""
    config.id2label, config.label2id = dict(enumerate(LABELS)), {label: i for i, label in enumerate(LABELS)}
    model = AutoModelForSequenceClassification.from_config(config)
    shake(model)
    model.save_pretrained(folder)


def shake(model):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))


def rows(values, mask):
    """Each row's real positions."""
    return [digits(row[:int(real.sum())], 7) for row, real in zip(values, mask)]


def outputs(name, texts=TEXTS, native=None):
    """What classifiers of texts and of tokens over this folder's base compute for a padded batch."""
    folder = FIXTURES / name
    tokenizer = AutoTokenizer.from_pretrained(folder)
    batch = tokenizer(texts, padding="max_length", max_length=24, return_tensors="pt")
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=len(LABELS)).eval()
    tags = AutoModelForTokenClassification.from_pretrained(folder, num_labels=len(TAGS), ignore_mismatched_sizes=True).eval()
    torch.manual_seed(11)
    torch.nn.init.normal_(tags.classifier.weight, std=0.3), torch.nn.init.normal_(tags.classifier.bias)
    heads = {"head": tags.classifier}
    if native:
        torch.nn.init.normal_(model.classifier.weight, std=0.3), torch.nn.init.normal_(model.classifier.bias)
        heads["native"] = model.classifier
    with torch.no_grad():
        hidden = model.base_model(**batch).last_hidden_state
        assert torch.equal(hidden, tags.base_model(**batch).last_hidden_state)
        return {
            "texts": texts, "ids": batch.input_ids.tolist(), "mask": batch.attention_mask.tolist(),
            "types": batch["token_type_ids"].tolist() if "token_type_ids" in batch else None,
            "heads": {key: {"weight": digits(head.weight), "bias": digits(head.bias)} for key, head in heads.items()},
            "hidden": rows(hidden, batch.attention_mask), "mean": digits(mean_pooled(hidden, batch.attention_mask), 7),
            "logits": digits(model(**batch).logits, 7), "tokenLogits": rows(tags(**batch).logits, batch.attention_mask)}


class Adapted(torch.nn.Module):
    def __init__(self, linear, a, b, scale):
        super().__init__()
        self.linear, self.a, self.b, self.scale = linear, torch.nn.Parameter(a), torch.nn.Parameter(b), scale

    def forward(self, x):
        return self.linear(x) + self.scale * (x @ self.a.T @ self.b.T)


def lora(batch, rank=2, alpha=8):
    """Loss and gradients of adapters on tiny-bert's query and value projections, a linear head on the mean."""
    wave = lambda shape, phase: torch.sin(0.37 * torch.arange(shape[0] * shape[1], dtype=torch.float64) + phase).mul(0.1).float().reshape(shape)
    model = AutoModelForSequenceClassification.from_pretrained(FIXTURES / "tiny-bert").base_model.eval().requires_grad_(False)
    adapters = {}
    for i, layer in enumerate(model.encoder.layer):
        for part in ("query", "value"):
            name = f"encoder.layer.{i}.attention.self.{part}.weight"
            phase = len(adapters)
            adapted = Adapted(getattr(layer.attention.self, part), wave((rank, 32), phase), wave((32, rank), phase + 0.5), alpha / rank)
            setattr(layer.attention.self, part, adapted)
            adapters[name] = adapted
    ids, mask = torch.tensor(batch["ids"]), torch.tensor(batch["mask"])
    logits = mean_pooled(model(input_ids=ids, attention_mask=mask).last_hidden_state, mask) @ (10 * wave((3, 32), 9)).T
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor([0, 1, 2]))
    loss.backward()
    return {
        "rank": rank, "alpha": alpha, "ids": batch["ids"], "mask": batch["mask"], "labels": [0, 1, 2], "loss": loss.item(), "logits": digits(logits, 7),
        "wave": "0.1 * sin(0.37 * i + phase), row-major; phase of A: the adapter's index, of B: that + 0.5, of the head: 9, and 10 times that"}, [
        {"tensor": name, "a": digits(adapted.a.grad, 7), "b": digits(adapted.b.grad, 7)} for name, adapted in adapters.items()]


torch.manual_seed(7)
(FIXTURES / "tiny-distilbert").mkdir(exist_ok=True)
for file in ("tokenizer.json", "tokenizer_config.json"):
    shutil.copy(FIXTURES / "tiny-bert" / file, FIXTURES / "tiny-distilbert" / file)
save(FIXTURES / "tiny-distilbert", DistilBertConfig(
    vocab_size=1000, dim=32, n_layers=2, n_heads=2, hidden_dim=64, max_position_embeddings=POSITIONS, initializer_range=0.1))
(FIXTURES / "tiny-roberta").mkdir(exist_ok=True)
size = byte_level_bpe(FIXTURES / "tiny-roberta")
save(FIXTURES / "tiny-roberta", RobertaConfig(
    vocab_size=size, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, type_vocab_size=1,
    max_position_embeddings=POSITIONS + 2, pad_token_id=1, bos_token_id=0, eos_token_id=2, layer_norm_eps=1e-5, initializer_range=0.1))
for name in ("tiny-distilbert", "tiny-roberta"):
    print(name, {path.name: path.stat().st_size for path in sorted((FIXTURES / name).iterdir())})

bert = outputs("tiny-bert", native=True)
models = [{"folder": "tiny-bert", **bert}, {"folder": "tiny-bert", "pairs": PAIRS, **outputs("tiny-bert", PAIRS, native=True)}]
models += [{"folder": name, **outputs(name)} for name in ("tiny-distilbert", "tiny-roberta")]
write("tiny-encoders.json", {"madeWith": MADE_WITH, "labels": LABELS, "tags": TAGS}, models=models)
settings, gradients = lora(bert)
write("tiny-bert-lora.json", {"madeWith": MADE_WITH, **settings}, gradients=gradients)
