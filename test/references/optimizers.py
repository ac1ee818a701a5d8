"""Thirty steps of every optimizer on a problem of three tensors: python optimizers.py

A kernel, a matrix and a vector, each with a rate and a decay of its own, a rate that falls from step to step, gradients clipped by their
global norm. The gradient is slope * (weight - target): no model, so that only the update rule is compared. Lion is lion-pytorch.
"""
import math

import lion_pytorch
import torch

from fixtures import MADE_WITH, digits, write

STEPS, RATE, DECAY, CLIP = 30, 0.05, 0.1, 8.0
# name, shape, block, and what ratePlan makes of the groups below with layerDecay 0.5 and one block
TENSORS = [
    ("stem.conv.weight", (3, 3, 2, 4), -1, 0.25, DECAY),
    ("encoder.layer.0.dense.weight", (6, 5), 0, 0.5, 0.2),
    ("head.bias", (7,), 1, 10.0, 0.0),
]
GROUPS = [{"match": ["head"], "rate": 10}, {"match": ["stem"]}, {"match": ["encoder", "stem"], "weightDecay": 0.2}]
BETAS, EPSILON = (0.9, 0.95), 1e-3
ADAM = {"beta1": BETAS[0], "beta2": BETAS[1], "epsilon": EPSILON}
RMS = {"beta2": 0.99, "epsilon": EPSILON}

CASES = [
    ("adamw", ADAM, lambda g: torch.optim.AdamW(g, betas=BETAS, eps=EPSILON, foreach=False), {"m": "exp_avg", "v": "exp_avg_sq"}),
    ("adam", ADAM, lambda g: torch.optim.Adam(g, betas=BETAS, eps=EPSILON, foreach=False), {"m": "exp_avg", "v": "exp_avg_sq"}),
    ("sgd", {"momentum": 0}, lambda g: torch.optim.SGD(g, foreach=False), {}),
    ("sgd", {"momentum": 0.9}, lambda g: torch.optim.SGD(g, momentum=0.9, foreach=False), {"momentum": "momentum_buffer"}),
    ("sgd", {"momentum": 0.9, "nesterov": True}, lambda g: torch.optim.SGD(g, momentum=0.9, nesterov=True, foreach=False), {"momentum": "momentum_buffer"}),
    ("rmsprop", RMS | {"momentum": 0}, lambda g: torch.optim.RMSprop(g, alpha=0.99, eps=EPSILON, foreach=False), {"v": "square_avg"}),
    ("rmsprop", RMS | {"momentum": 0.9}, lambda g: torch.optim.RMSprop(g, alpha=0.99, eps=EPSILON, momentum=0.9, foreach=False), {"v": "square_avg", "momentum": "momentum_buffer"}),
    ("adafactor", {}, lambda g: torch.optim.Adafactor(g, foreach=False), {"row": "row_var", "col": "col_var", "v": "variance"}),
    ("lion", {"beta1": 0.9, "beta2": 0.99}, lambda g: lion_pytorch.Lion(g, betas=(0.9, 0.99)), {"m": "exp_avg"}),
]


def wave(shape, scale, pace, phase):
    """scale * sin(pace * i + phase) over the flat index, in float64, rounded to float32."""
    count = math.prod(shape)
    return torch.tensor([scale * math.sin(pace * i + phase) for i in range(count)], dtype=torch.float64).float().reshape(shape)


def run(make, slots, optimizer):
    parameters = [torch.nn.Parameter(wave(shape, 0.5, 0.7, place)) for place, (_, shape, *_) in enumerate(TENSORS)]
    slopes = [1 + wave(shape, 0.5, 1.3, place) for place, (_, shape, *_) in enumerate(TENSORS)]
    rule = make([{"params": [p], "lr": RATE * factor, "weight_decay": decay} for p, (_, _, _, factor, decay) in zip(parameters, TENSORS)])
    norms, after = [], {}
    for step in range(1, STEPS + 1):
        for place, (parameter, slope) in enumerate(zip(parameters, slopes)):
            target = wave(parameter.shape, 1.0, 0.37 * step, place)
            parameter.grad = slope * (parameter.detach() - target)
        norms.append(torch.nn.utils.clip_grad_norm_(parameters, CLIP))
        for group, (_, _, _, factor, _) in zip(rule.param_groups, TENSORS):
            group["lr"] = RATE * (1 - (step - 1) / (2 * STEPS)) * factor
        rule.step()
        if step in (1, 2, STEPS):
            after[step] = {name: digits(p) for p, (name, *_) in zip(parameters, TENSORS)}
    state = {f"{optimizer}.{ours}/{name}": digits(rule.state[p][theirs])
             for p, (name, *_) in zip(parameters, TENSORS) for ours, theirs in slots.items() if rule.state[p].get(theirs) is not None}
    return {"norms": digits(torch.stack(norms)), "after": after, "slots": state}


cases = [{"train": {"optimizer": optimizer} | settings, **run(make, slots, optimizer)} for optimizer, settings, make, slots in CASES]
write("optimizers.json", {
    "madeWith": MADE_WITH | {"lion-pytorch": "0.2.5"}, "steps": STEPS,
    "train": {"learningRate": RATE, "weightDecay": DECAY, "clipNorm": CLIP, "layerDecay": 0.5, "groups": GROUPS}, "blocks": 1,
    "tensors": [{"name": name, "shape": shape, "block": block, "factor": factor, "weightDecay": decay} for name, shape, block, factor, decay in TENSORS],
}, cases=cases)
