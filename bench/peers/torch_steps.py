"""How the PyTorch scripts time a training step: eager or compiled, float32 or bfloat16 by autocast."""
import time

import torch


def steps(loss_of, parameters, optimizer, times, bf16=False, clip=None):
    """A function that does `times` steps on whatever loss_of() computes next, and returns the ms of each."""
    parameters = list(parameters)

    def step():
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            loss = loss_of()
        loss.backward()
        if clip is not None:
            torch.nn.utils.clip_grad_norm_(parameters, clip)
        optimizer.step()
        return loss.item()

    def run():
        ms = []
        for _ in range(times):
            start = time.perf_counter()
            step()
            ms.append((time.perf_counter() - start) * 1000)
        return ms

    return run


def batches(count, *tensors):
    """Endlessly the next `count` rows of each tensor."""
    at = 0
    while True:
        yield tuple(tensor[at:at + count] for tensor in tensors)
        at = (at + count) % len(tensors[0])
