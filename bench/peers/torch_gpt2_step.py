"""One training step of a GPT-2 of the small shape (12 layers, width 768, 50,257 tokens; batch 4, 128 tokens, no dropout) in PyTorch.

python torch_gpt2_step.py [--json | --serve]     {"peer": "torch eager fp32", "work": "gpt2 4x128", "ms": 1350.1} a line
"""
import time

import torch
from transformers import GPT2Config, GPT2LMHeadModel

from report import measure

torch.manual_seed(0)
model = GPT2LMHeadModel(GPT2Config(resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0)).train()
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5, fused=True)
ids = torch.randint(1000, 20000, (4, 128))


def steps(bf16):
    def step():
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return loss.item()

    def run():
        times = []
        for _ in range(3):
            start = time.perf_counter()
            step()
            times.append((time.perf_counter() - start) * 1000)
        return times

    return run


measure({
    ("torch eager fp32", "gpt2 4x128"): steps(False),
    ("torch eager bf16", "gpt2 4x128"): steps(True),
})
