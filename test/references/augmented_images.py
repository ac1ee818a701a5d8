"""Images as torchvision's transforms give them at stated parameters: python augmented_images.py (needs torchvision and pillow)

Writes augmented-images.json: each operation with its parameters and the SHA-256 of the bytes it gives on three images, which a formula
makes that the test has too.
"""
import hashlib
import json
import pathlib

import numpy as np
import PIL
import torchvision
from PIL import Image
from torchvision.transforms import RandAugment
from torchvision.transforms import functional as F
from torchvision.transforms import InterpolationMode as Mode

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures"


def made(width, height):
    i = np.arange(width * height * 3, dtype=np.int64)
    x = (i // 3) % width
    y = i // (3 * width)
    c = i % 3
    return ((x * (5 + c) + y * (3 + 2 * c) + ((i * 2654435761) % 4294967296) // 16777216 // 4) % 256).astype("uint8").reshape(height, width, 3)


images = {"wide": Image.fromarray(made(48, 36)), "square": Image.fromarray(made(40, 40)), "dark": Image.fromarray(made(33, 40) // 3 + 20)}
NEAREST, BILINEAR = {"interpolation": Mode.NEAREST}, {"interpolation": Mode.BILINEAR}


def rand_augment_op(name, magnitude):
    def apply(image):
        return torchvision.transforms.autoaugment._apply_op(image, name, magnitude, interpolation=Mode.NEAREST, fill=None)

    return apply


cases = []


def case(op, arguments, apply):
    for name, image in images.items():
        pixels = np.asarray(apply(image))
        entry = {"op": op, "image": name, "arguments": arguments, "shape": list(pixels.shape)}
        entry["sha256"] = hashlib.sha256(pixels.tobytes()).hexdigest()
        cases.append(entry)


case("hflip", {}, F.hflip)
case("vflip", {}, F.vflip)
for box in ({"left": 3, "top": 5, "width": 20, "height": 17},):
    case("crop", box, lambda image: F.crop(image, box["top"], box["left"], box["height"], box["width"]))
for mode in ("constant", "edge", "reflect", "symmetric"):
    case("pad", {"padding": 7, "mode": mode, "fill": 9}, lambda image: F.pad(image, 7, fill=9, padding_mode=mode))
for left, top, width, height, size in ((2, 3, 31, 30, 24), (0, 0, 33, 36, 56), (10, 4, 9, 23, 32), (5, 6, 24, 24, 24), (1, 2, 30, 5, 12)):
    box = {"left": left, "top": top, "width": width, "height": height, "size": size}
    case("resizedCrop", box, lambda image: F.resized_crop(image, top, left, height, width, [size, size], Mode.BILINEAR))
for factor in (0.0, 0.37, 0.5, 1.0, 1.4, 2.7):
    case("brightness", {"factor": factor}, lambda image: F.adjust_brightness(image, factor))
    case("contrast", {"factor": factor}, lambda image: F.adjust_contrast(image, factor))
    case("saturation", {"factor": factor}, lambda image: F.adjust_saturation(image, factor))
    case("sharpness", {"factor": factor}, lambda image: F.adjust_sharpness(image, factor))
for factor in (-0.5, -0.21, -0.001, 0.0, 0.1, 0.33, 0.5):
    case("hue", {"factor": factor}, lambda image: F.adjust_hue(image, factor))
for bits in (1, 4, 7, 8):
    case("posterize", {"bits": bits}, lambda image: F.posterize(image, bits))
for threshold in (0.0, 85.0, 178.5, 255.0):
    case("solarize", {"threshold": threshold}, lambda image: F.solarize(image, threshold))
case("autocontrast", {}, F.autocontrast)
case("equalize", {}, F.equalize)
for name, how in (("nearest", NEAREST), ("bilinear", BILINEAR)):
    for angle in (0.0, 13.0, -47.5, 90.0, 171.25):
        case("rotate", {"angle": angle, "interpolation": name, "fill": 0}, lambda image: F.rotate(image, angle, fill=0, **how))
    for angle, translate, scale, shear in ((10.0, (3, -2), 1.2, (7.0, 0.0)), (-25.0, (0, 5), 0.8, (-12.0, 4.0)), (0.0, (4, 1), 1.0, (0.0, 0.0))):
        given = {"angle": angle, "translate": translate, "scale": scale, "shear": shear, "interpolation": name, "fill": 60}
        case("affine", given, lambda image: F.affine(image, angle, list(translate), scale, list(shear), fill=60, **how))

# Every operation of RandAugment at its default strength, as its own table has it, both ways where it has two.
space = {}
for width, height in {image.size for image in images.values()}:
    space[(width, height)] = RandAugment()._augmentation_space(31, (height, width))
for op in next(iter(space.values())):
    for side in (1, -1):

        def apply(image):
            magnitudes, signed = space[image.size][op]
            magnitude = float(magnitudes[9].item()) if magnitudes.ndim > 0 else 0.0
            return rand_augment_op(op, magnitude * (side if signed else 1))(image)

        if side == 1 or next(iter(space.values()))[op][1]:
            case("randAugment", {"name": op, "side": side}, apply)

path = FIXTURES / "augmented-images.json"
head = {"madeWith": {"torchvision": torchvision.__version__.split("+")[0], "pillow": PIL.__version__}}
lines = ",\n".join(json.dumps(each, separators=(",", ":")) for each in cases)
path.write_text('{\n"madeWith": ' + json.dumps(head["madeWith"]) + ',\n"cases": [\n' + lines + "\n]\n}\n")
print(f"{path}: {path.stat().st_size:,} bytes, {len(cases)} cases")
