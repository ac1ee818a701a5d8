"""One training step of a GPT-2 of the small shape (12 layers, width 768, 50,257 tokens; batch 4, 128 tokens, no dropout) in PyTorch.

python torch_gpt2_step.py [--json | --serve]     {"peer": "torch eager fp32", "work": "gpt2 4x128", "ms": 1350.1} a line
"""
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from report import measure
from torch_steps import batches, steps

torch.manual_seed(0)
model = GPT2LMHeadModel(GPT2Config(resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0)).train()
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5, fused=True)
next_batch = batches(4, torch.randint(1000, 20000, (16, 128)))


def loss():
    ids, = next(next_batch)
    return model(input_ids=ids, labels=ids).loss


measure({
    ("torch eager fp32", "gpt2 4x128"): steps(loss, model.parameters(), optimizer, 3, clip=1.0),
    ("torch eager bf16", "gpt2 4x128"): steps(loss, model.parameters(), optimizer, 3, bf16=True, clip=1.0),
})
