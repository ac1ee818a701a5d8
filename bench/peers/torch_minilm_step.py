"""One full fine-tuning step of MiniLM (batch 32, 64 tokens, no dropout; AdamW, the gradient clipped to a norm of 1 as transformers'
Trainer does) in PyTorch: eager, autocast, compiled.

python torch_minilm_step.py MODEL_DIR [--json | --serve]     {"peer": "torch eager fp32", "work": "minilm 32x64", "ms": 350.1} a line
"""
import sys

import torch
from transformers import AutoModel

from report import measure
from torch_steps import steps


class Classifier(torch.nn.Module):
    def __init__(self, folder):
        super().__init__()
        self.base = AutoModel.from_pretrained(folder, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
        self.head = torch.nn.Linear(384, 10)

    def forward(self, ids, mask):
        hidden = self.base(input_ids=ids, attention_mask=mask).last_hidden_state
        weight = mask.unsqueeze(-1).float()
        return self.head((hidden * weight).sum(1) / weight.sum(1))


torch.manual_seed(0)
model = Classifier(sys.argv[1]).train()
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5, fused=True)
ids, mask = torch.randint(1000, 20000, (32, 64)), torch.ones(32, 64, dtype=torch.long)
labels = torch.randint(0, 10, (32,))


def minilm(forward, bf16):
    return steps(lambda: torch.nn.functional.cross_entropy(forward(ids, mask), labels),
                 model.parameters(), optimizer, 10, bf16, clip=1.0)


compiled = torch.compile(model)
measure({
    ("torch eager fp32", "minilm 32x64"): minilm(model, False),
    ("torch eager bf16", "minilm 32x64"): minilm(model, True),
    ("torch.compile fp32", "minilm 32x64"): minilm(compiled, False),
    ("torch.compile bf16", "minilm 32x64"): minilm(compiled, True),
})
