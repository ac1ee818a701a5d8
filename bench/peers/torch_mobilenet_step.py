"""One training step of MobileNetV2 (batch 32, 160 pixels, 10 classes, all weights, BatchNorm by the batch) in PyTorch.

The network is transformers' with torch's own padding, which is torchvision's. `channels last` is for information: the memory
format that PyTorch's documentation recommends for convolutions on a CPU.

python torch_mobilenet_step.py [--json | --serve]     {"peer": "torch eager fp32", "work": "mobilenet-v2 32x160", "ms": 600.1} a line
"""
import torch
from transformers import MobileNetV2Config, MobileNetV2ForImageClassification

from report import measure
from torch_steps import batches, steps

WORK = "mobilenet-v2 32x160"
torch.manual_seed(0)
config = MobileNetV2Config(image_size=160, num_labels=10, tf_padding=False, classifier_dropout_prob=0.0)
images, labels = torch.rand(128, 3, 160, 160), torch.randint(0, 10, (128,))


def mobilenet(prepared=lambda model: model, memory_format=torch.contiguous_format):
    model = MobileNetV2ForImageClassification(config).train().to(memory_format=memory_format)
    forward = prepared(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-5, fused=True)
    next_batch = batches(32, images.to(memory_format=memory_format), labels)

    def loss():
        pixels, target = next(next_batch)
        return torch.nn.functional.cross_entropy(forward(pixel_values=pixels).logits, target)

    return steps(loss, model.parameters(), optimizer, 5)


measure({
    ("torch eager fp32", WORK): mobilenet(),
    ("torch eager fp32, channels last", WORK): mobilenet(memory_format=torch.channels_last),
    ("torch.compile fp32", WORK): mobilenet(torch.compile),
})
