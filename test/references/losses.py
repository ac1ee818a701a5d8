"""Losses and their gradients by torch: python losses.py

Every loss of each row, not reduced, and the gradient of sum(loss * upstream) by the outputs, in float64 from float32 inputs.
Focal loss is written out as the paper has it (Lin et al., 2017, without alpha) and differentiated by autograd.
"""
import torch
import torch.nn.functional as F

from fixtures import MADE_WITH, digits, write

ROWS, CLASSES = 12, 7
generator = torch.Generator().manual_seed(5)


def inputs(*shape, scale=3.0):
    return (scale * torch.randn(*shape, generator=generator)).float()


logits = inputs(ROWS, CLASSES)
logits[0] = 0  # all the same
logits[1] *= 12  # sure of itself
logits[2, 3] = 30  # p is 1 in float32 for one class, 0 for the others
logits[3, 0] = -30
labels = torch.randint(0, CLASSES, (ROWS,), generator=generator)
labels[2], labels[3] = 3, 0
flags = (torch.rand(ROWS, CLASSES, generator=generator) < 0.3).float()
flags[2, 3] = 1
outputs, values = inputs(ROWS, 1), inputs(ROWS)
values[0] = outputs[0, 0]  # no error
values[1] = outputs[1, 0] + 0.4
values[2] = outputs[2, 0] - 40
upstream = torch.linspace(-0.5, 1.5, ROWS)


def focal(logits, labels, gamma):
    p = logits.softmax(1).gather(1, labels[:, None])[:, 0]
    # log p, not p.log(): the cross-entropy itself is what the paper means; p alone rounds to 1.
    return -((1 - p) ** gamma) * logits.log_softmax(1).gather(1, labels[:, None])[:, 0]


def sigmoid_focal(logits, labels, gamma):
    p = logits.sigmoid()
    p_of_truth = p * labels + (1 - p) * (1 - labels)
    return ((1 - p_of_truth) ** gamma * F.binary_cross_entropy_with_logits(logits, labels, reduction="none")).mean(1)


def case(name, loss, x, target, **settings):
    x = x.double().requires_grad_()
    target = target.double() if target.is_floating_point() else target
    losses = loss(x, target, **settings)
    gradient = torch.autograd.grad((losses * upstream.double()).sum(), x)[0]
    return {"loss": name, **settings, "losses": digits(losses, 9), "gradient": digits(gradient, 9)}


def unreduced(function):
    return lambda x, target, **settings: function(x, target, reduction="none", **settings)


def of_numbers(function):
    return lambda x, target, **settings: function(x[:, 0], target, reduction="none", **settings)


classes = [case("cross-entropy", unreduced(F.cross_entropy), logits, labels, label_smoothing=s) for s in (0.0, 0.1, 0.4)]
classes += [case("focal", focal, logits, labels, gamma=g) for g in (0.0, 0.5, 1.0, 2.0, 5.0)]
many = [case("bce", lambda x, y: F.binary_cross_entropy_with_logits(x, y, reduction="none").mean(1), logits, flags)]
many += [case("focal", sigmoid_focal, logits, flags, gamma=g) for g in (0.0, 1.0, 2.0)]
numbers = [case("mse", of_numbers(F.mse_loss), outputs, values), case("mae", of_numbers(F.l1_loss), outputs, values)]
numbers += [case("huber", of_numbers(F.huber_loss), outputs, values, delta=d) for d in (0.3, 1.0, 5.0)]

write(
    "losses.json",
    {
        "madeWith": {"torch": MADE_WITH["torch"]},
        "rows": ROWS,
        "classes": CLASSES,
        "logits": digits(logits),
        "labels": labels.tolist(),
        "flags": flags.flatten().int().tolist(),
        "outputs": digits(outputs),
        "values": digits(values),
        "upstream": digits(upstream),
    },
    ofClasses=classes,
    ofManyLabels=many,
    ofNumbers=numbers,
)
