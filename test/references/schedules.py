"""The learning rate at every step of a run by transformers and torch: python schedules.py

transformers' first step has the rate 0, Temper's the first step of the rise: up to the end of the warm-up the lambda is asked for `step`
(the steps done with this one), after it for `step - 1` (those done before it). One-cycle and plateau are torch's as they are.
"""
import torch
from torch.optim.lr_scheduler import OneCycleLR, ReduceLROnPlateau
from transformers import optimization

from fixtures import MADE_WITH, write

STEPS, WARMUP, PEAK, STEPS_PER_EPOCH = 100, 13, 3e-3, 5


def optimizer(rate=PEAK):
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)


def by_lambda(make):
    scheduler = make(optimizer())
    (factor,) = scheduler.lr_lambdas
    return [PEAK * factor(step if step <= WARMUP else step - 1) for step in range(1, STEPS + 1)]


def one_cycle(rise, end):
    rule = optimizer()
    scheduler = OneCycleLR(rule, PEAK, total_steps=STEPS, pct_start=rise, cycle_momentum=False, final_div_factor=1 / (25 * end) if end else float("inf"))
    rates = []
    for step in range(STEPS):
        rates.append(rule.param_groups[0]["lr"])
        rule.step()
        if step < STEPS - 1:
            scheduler.step()
    return rates


def plateau(values, mode, factor, patience, end):
    rule = optimizer()
    scheduler = ReduceLROnPlateau(rule, mode=mode, factor=factor, patience=patience, min_lr=PEAK * end, eps=0)
    rates = []
    for value in values:
        warm = [min(1, step / WARMUP) for step in range(len(rates) + 1, len(rates) + STEPS_PER_EPOCH + 1)]
        rates += [rule.param_groups[0]["lr"] * share for share in warm]
        scheduler.step(value)
    return rates


LOSSES = [2.0, 1.5, 1.6, 1.4999, 1.55, 1.3, 1.31, 1.32, 1.33, 1.34, 1.35, 1.36, 1.2, 1.3, float("nan"), 1.3, 1.3, 1.3, 1.3, 1.3]
ACCURACIES = [0.5, 0.6, 0.55, 0.60001, 0.7, 0.7, 0.7, 0.69, 0.71, 0.7, 0.7, 0.72, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.73]
warm = {"num_warmup_steps": WARMUP}
both = warm | {"num_training_steps": STEPS}
cosine = optimization.get_cosine_schedule_with_warmup
restarts = optimization.get_cosine_with_hard_restarts_schedule_with_warmup
polynomial = optimization.get_polynomial_decay_schedule_with_warmup
floored = optimization.get_cosine_with_min_lr_schedule_with_warmup
linear = by_lambda(lambda o: optimization.get_linear_schedule_with_warmup(o, **both))
cases = [
    ("constant", by_lambda(lambda o: optimization.get_constant_schedule_with_warmup(o, **warm))),
    ("linear", linear),
    ("warmup-linear", linear),
    ("cosine", by_lambda(lambda o: cosine(o, **both))),
    ({"name": "cosine", "endFactor": 0.1}, by_lambda(lambda o: floored(o, **both, min_lr_rate=0.1))),
    ("cosine-restarts", by_lambda(lambda o: restarts(o, **both))),
    ({"name": "cosine-restarts", "cycles": 3}, by_lambda(lambda o: restarts(o, **both, num_cycles=3))),
    ("polynomial", by_lambda(lambda o: polynomial(o, **both, lr_end=0.0))),
    ({"name": "polynomial", "power": 2.5, "endFactor": 0.05}, by_lambda(lambda o: polynomial(o, **both, lr_end=0.05 * PEAK, power=2.5))),
    ("one-cycle", one_cycle(0.3, 0)),
    ({"name": "one-cycle", "riseShare": 0.25, "endFactor": 0.01}, one_cycle(0.25, 0.01)),
    ("reduce-on-plateau", plateau(LOSSES, "min", 0.1, 2, 0)),
    ({"name": "reduce-on-plateau", "factor": 0.5, "patience": 1, "endFactor": 0.2, "metric": "validation.accuracy"}, plateau(ACCURACIES, "max", 0.5, 1, 0.2)),
]
write("schedules.json", {
    "madeWith": MADE_WITH, "steps": STEPS, "warmupSteps": WARMUP, "learningRate": PEAK, "stepsPerEpoch": STEPS_PER_EPOCH,
    "losses": [None if value != value else value for value in LOSSES], "accuracies": ACCURACIES,
}, cases=[{"schedule": schedule, "rates": [float(f"{rate:.12g}") for rate in rates]} for schedule, rates in cases])
