"""Images of many kinds as torchvision's evaluation transform gives them: python resized_images.py (needs torchvision and pillow)

Writes images/ (small files) and images-resized.json: (size, size, 3) bytes of each, base64. Turned as EXIF says, on white.
"""
import base64

import numpy as np
import PIL
import torchvision
from PIL import Image, ImageOps
from torchvision import transforms

from fixtures import FIXTURES, write

SIZE = 28
SHORTER = round(SIZE * 256 / 224)
folder = FIXTURES / "images"
folder.mkdir(exist_ok=True)


def waves(height, width, channels=3):
    y, x = np.mgrid[0:height, 0:width]
    bands = [127 + 127 * np.sin(x / (3.0 + c) + y / (7.0 - c)) for c in range(channels)]
    return np.stack(bands, -1).round().astype("uint8")


def noise(height, width):
    return np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype="uint8")


exif = Image.Exif()
exif[0x0112] = 6  # a quarter turn
alpha = np.concatenate([waves(40, 50), (np.mgrid[0:40, 0:50][1] * 5)[..., None].astype("uint8")], -1)
images = {
    "wide.png": (Image.fromarray(waves(60, 97)), {}),
    "tall.png": (Image.fromarray(waves(131, 70)), {}),
    "noise.png": (Image.fromarray(noise(64, 64)), {}),
    "small.png": (Image.fromarray(waves(12, 15)), {}),
    "exact.png": (Image.fromarray(noise(SIZE, SIZE)), {}),
    "grey.png": (Image.fromarray(waves(50, 40, 1)[..., 0]), {}),
    "palette.png": (Image.fromarray(waves(50, 40)).quantize(16), {}),
    "alpha.png": (Image.fromarray(alpha), {}),
    "deep.png": (Image.fromarray((waves(40, 40, 1)[..., 0].astype("uint16") * 257)), {}),
    "photo.jpg": (Image.fromarray(waves(90, 120)), {"quality": 95, "subsampling": 0}),
    "large.jpg": (Image.fromarray(waves(480, 640)), {"quality": 80}),
    "turned.jpg": (Image.fromarray(waves(60, 100)), {"quality": 95, "subsampling": 0, "exif": exif}),
}
transform = transforms.Compose([transforms.Resize(SHORTER), transforms.CenterCrop(SIZE)])
result = []
for name, (image, options) in images.items():
    image.save(folder / name, **options)
    opened = ImageOps.exif_transpose(Image.open(folder / name))
    if opened.mode.startswith("I;16"):
        opened = Image.fromarray((np.asarray(opened) // 257).astype("uint8"))
    if opened.mode == "RGBA":
        opened = Image.alpha_composite(Image.new("RGBA", opened.size, "white"), opened)
    opened = opened.convert("RGB")
    pixels = np.asarray(opened if opened.size == (SIZE, SIZE) else transform(opened))
    result.append({"file": name, "pixels": base64.b64encode(pixels.tobytes()).decode()})
write("images-resized.json", {"madeWith": {"torchvision": torchvision.__version__.split("+")[0], "pillow": PIL.__version__}, "size": SIZE}, images=result)
