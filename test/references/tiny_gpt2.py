"""A tiny random GPT-2 with its tokenizer, and what transformers computes with it: python tiny_gpt2.py

Reads test/fixtures/tiny-glosses.jsonl. Biases and LayerNorms are random as well: as made, they are 0 and 1 and hide mistakes.
"""
import json

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer, GPT2Config, GPT2ForSequenceClassification, GPT2LMHeadModel
from transformers.generation.logits_process import (
    LogitsProcessorList, RepetitionPenaltyLogitsProcessor, TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper)

from fixtures import FIXTURES, MADE_WITH, digits, write

END, VOCABULARY, POSITIONS, STEPS, BATCH, MAX_LENGTH, SAMPLES, CLASSES = "<|endoftext|>", 600, 64, 20, 4, 24, 64, 3
RATE, BETAS, EPSILON, DECAY = 1e-3, (0.9, 0.999), 1e-8, 0.01
SEEN_LOGITS = 23  # every so many tokens of the vocabulary
folder = FIXTURES / "tiny-gpt2"
texts = [json.loads(line)["gloss"] for line in open(FIXTURES / "tiny-glosses.jsonl", encoding="ascii")]

tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
    vocab_size=VOCABULARY, special_tokens=[END], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))

torch.set_num_threads(1)
torch.manual_seed(12)
config = GPT2Config(
    vocab_size=tokenizer.get_vocab_size(), n_positions=POSITIONS, n_embd=32, n_layer=2, n_head=4, n_inner=96,
    initializer_range=0.25, bos_token_id=0, eos_token_id=0)
model = GPT2LMHeadModel(config)
with torch.no_grad():
    for name, tensor in model.named_parameters():
        if tensor.dim() == 1:
            tensor.add_(0.2 * torch.randn(tensor.shape))
model.save_pretrained(folder)
(folder / "generation_config.json").unlink()
tokenizer.save(str(folder / "tokenizer.json"))
settings = {"tokenizer_class": "GPT2Tokenizer", "model_max_length": POSITIONS}
settings |= {f"{name}_token": END for name in ("bos", "eos", "unk")}
(folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")
print(folder, {path.name: path.stat().st_size for path in sorted(folder.iterdir())})

loaded_tokenizer = AutoTokenizer.from_pretrained(folder)
ids = [loaded_tokenizer(text, truncation=True, max_length=MAX_LENGTH).input_ids for text in texts]
batches = [ids[i:i + BATCH] for i in range(0, STEPS * BATCH, BATCH)]


def load():
    return GPT2LMHeadModel.from_pretrained(folder, dtype=torch.float32).eval()  # eval: no dropout


def padded(rows):
    """Rows filled up at their end: (ids, mask, labels), of which the model shifts the labels."""
    length = max(map(len, rows))
    tokens = torch.tensor([row + [0] * (length - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row in rows])
    return tokens, mask, tokens.masked_fill(mask == 0, -100)  # (batch, length) each


def spread(tensor):
    """Up to SAMPLES flat indices, evenly spread."""
    return sorted({round(i * (tensor.numel() - 1) / (SAMPLES - 1)) for i in range(SAMPLES)})


def forward(rows):
    loaded = load()
    tokens, mask, labels = padded(rows)
    output = loaded(input_ids=tokens, attention_mask=mask, labels=labels)
    output.loss.backward()
    logits = [digits(output.logits[row, place, ::SEEN_LOGITS], 8) for row, ids in enumerate(rows) for place in range(len(ids))]
    gradients = []
    for name, tensor in loaded.named_parameters():
        at = spread(tensor)
        gradients.append({
            "name": name, "norm": tensor.grad.norm().item(), "at": at, "values": digits(tensor.grad.flatten()[at], 8)})
    return output.loss.item(), logits, gradients


def train():
    loaded = load()
    decayed = [tensor for tensor in loaded.parameters() if tensor.dim() > 1]
    plain = [tensor for tensor in loaded.parameters() if tensor.dim() == 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": DECAY}, {"params": plain, "weight_decay": 0.0}],
        lr=RATE, betas=BETAS, eps=EPSILON, foreach=False, fused=False)
    losses = []
    for rows in batches:
        tokens, mask, labels = padded(rows)
        optimizer.zero_grad()
        loss = loaded(input_ids=tokens, attention_mask=mask, labels=labels).loss
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def generated(prompt, **options):
    """Greedy tokens after the prompt. The best score is ahead of the next by `margin` at every step, so that rounding decides nothing."""
    output = load().generate(
        torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long), do_sample=False,
        pad_token_id=0, return_dict_in_generate=True, output_scores=True, **options)
    margin = min((score.topk(2).values[0, 0] - score.topk(2).values[0, 1]).item() for score in output.scores)
    assert margin > 1e-3, margin
    return output.sequences[0, len(prompt):].tolist()


def filtered(seen, temperature, top_k, top_p, penalty):
    """Probabilities that transformers' sampling draws from, by token, of scores that are a formula."""
    scores = 3 * torch.sin(0.7 * torch.arange(40, dtype=torch.float64) ** 1.5).float().unsqueeze(0)
    steps = [RepetitionPenaltyLogitsProcessor(penalty), TemperatureLogitsWarper(temperature)]
    steps += [TopKLogitsWarper(top_k)] if top_k else []
    steps += [TopPLogitsWarper(top_p)] if top_p < 1 else []
    kept = torch.softmax(LogitsProcessorList(steps)(torch.tensor([seen]), scores)[0], 0)
    return {
        "seen": seen, "temperature": temperature, "topK": top_k, "topP": top_p, "repetitionPenalty": penalty,
        "probabilities": digits(kept, 7)}


def classified(rows):
    """Scores of each row by GPT2ForSequenceClassification, whose head is a formula; every row alone, so without padding."""
    classifier = GPT2ForSequenceClassification.from_pretrained(folder, num_labels=CLASSES, pad_token_id=0).eval()
    with torch.no_grad():
        count = CLASSES * config.n_embd
        classifier.score.weight.copy_(0.1 * torch.sin(0.37 * torch.arange(count) + 1).reshape(CLASSES, config.n_embd))
        return [digits(classifier(input_ids=torch.tensor([row])).logits, 8) for row in rows]


loss, logits, gradients = forward(batches[0])
prompts = [ids[5][:3], ids[6][:9], ids[7][:1]]
write(
    "tiny-gpt2-expected.json",
    {"madeWith": MADE_WITH, "learningRate": RATE, "betas": BETAS, "epsilon": EPSILON, "weightDecay": DECAY, "classes": CLASSES,
     "everyLogit": SEEN_LOGITS, "loss": loss, "losses": train()},
    tokenized=[{"text": text, "ids": loaded_tokenizer(text).input_ids} for text in [texts[0], "Café in ZÜRICH, 1999!", " 🦉  an owl's\n"]],
    batches=batches,
    logits=logits,
    gradients=gradients,
    classified=classified(batches[0]),
    generated=[{"prompt": prompt, **options, "tokens": generated(prompt, max_new_tokens=24, **{
        "repetition_penalty": options["repetitionPenalty"]})} for options in ({"repetitionPenalty": 1.0}, {"repetitionPenalty": 1.4}) for prompt in prompts],
    filtered=[filtered([3, 3, 17], *options) for options in (
        (1.0, 0, 1.0, 1.0), (0.7, 5, 1.0, 1.0), (1.5, 0, 0.8, 1.0), (0.9, 12, 0.6, 1.3), (1.0, 0, 0.05, 1.0))])
