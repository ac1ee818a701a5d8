"""JPEGs decoded, scaled, changed at random and normalised with torchvision, one process: data_images.py FOLDER"""
import sys
import time
from pathlib import Path

import torch
from PIL import Image
from torchvision.transforms import v2

from report import measure

SIZE, IMAGES_A_TURN = 224, 250
torch.set_num_threads(1)
names = sorted(Path([argument for argument in sys.argv[1:] if not argument.startswith("--")][0]).iterdir())
augment = [v2.RandomCrop(SIZE, padding=16), v2.RandomHorizontalFlip(), v2.ColorJitter(0.2, 0.2, 0.2)]
normalise = [v2.ToDtype(torch.float32, scale=True), v2.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))]
scale = [v2.Resize(SIZE * 256 // 224), v2.CenterCrop(SIZE)]
turns = {"pillow": 0, "tensors": 0}
pipelines = {
    # What most recipes have, and what torchvision's documentation calls the faster one.
    "pillow": v2.Compose([*scale, *augment, v2.PILToTensor(), *normalise]),
    "tensors": v2.Compose([v2.PILToTensor(), *scale, *augment, *normalise]),
}


def steps(kind):
    first = turns[kind] * IMAGES_A_TURN % len(names)
    turns[kind] += 1
    before = time.process_time()
    for name in names[first:first + IMAGES_A_TURN]:
        with Image.open(name) as image:
            pipelines[kind](image.convert("RGB"))
    return [1000 * (time.process_time() - before)]


measure({(f"torchvision, {kind}", "images"): lambda kind=kind: steps(kind) for kind in pipelines})
