"""Tiny random image models and what transformers and timm compute with them: python image_models.py

All is computed in float64 from float32 weights, so that a comparison shows the other side's rounding alone.
"""
import json
import pathlib

import numpy as np
import timm
import torch
import torchvision
from transformers import (
    MobileNetV2Config, MobileNetV2ForImageClassification, ResNetConfig, ResNetForImageClassification, ViTConfig,
    ViTForImageClassification)

from fixtures import FIXTURES, MADE_WITH, write

ROWS, LABELS, SEED = 3, 5, 7
torch.set_num_threads(1)
torch.manual_seed(SEED)


def mix(x):
    x = x ^ (x >> np.uint32(16))
    x = x * np.uint32(0x21F0AAAD)
    x = x ^ (x >> np.uint32(15))
    x = x * np.uint32(0x735A2D97)
    return x ^ (x >> np.uint32(15))


def uniform(name, count):
    """training/counter-random.ts: draw(SEED, FNV-1a of the name, i) / 2^32, as values from -1 to 1."""
    stream = 0x811C9DC5
    for byte in name.encode():
        stream = (stream ^ byte) * 0x01000193 & 0xFFFFFFFF
    with np.errstate(over="ignore"):
        inner = mix(mix(np.array([SEED + 0x9E3779B9], "uint32")) + np.uint32((stream + 0x85EBCA6B) & 0xFFFFFFFF))
        drawn = mix(inner + np.arange(count, dtype="uint32"))
    return (drawn / 2**32 * 2 - 1).astype("float32")


def fill(model, clear=False):
    """
    Sets every tensor to a function of its name: matrices and kernels as He has them, norms and statistics near the identity.
    With `clear` most channels of an activated norm lie well below 0, between 0 and 6 or above 6; two of eight lie on a kink, and errors grow less.
    """
    for name, tensor in model.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        values = uniform(name, tensor.numel())
        shape = tuple(tensor.shape)
        if name.endswith("running_var") or (len(shape) == 1 and name.endswith("weight")):
            values = 1 + np.float32(0.3) * values
            if clear and name.endswith("normalization.weight") and "reduce" not in name:
                values = values * np.float32(0.5)
        elif len(shape) <= 1:
            values = np.float32(0.1) * values
            if clear and name.endswith("normalization.bias") and "reduce" not in name:
                values = values + np.array([3, 0, 2.8, 6, 3.1, 2.9, 12, -6], "float32")[np.arange(len(values)) % 8]
        else:
            values = np.float32(np.sqrt(6 / np.prod(shape[1:]))) * values
        tensor.copy_(torch.from_numpy(values.reshape(shape)))


def pixels(size, phase=0, rows=ROWS):
    """(rows, 3, size, size); flat index i of (rows, size, size, 3) is sin(0.05 i + i^2 / 3000 + phase)."""
    i = np.arange(rows * size * size * 3, dtype="float64")
    flat = np.sin(0.05 * i + i * i / 3000 + phase).astype("float32")
    return torch.from_numpy(flat.reshape(rows, size, size, 3)).permute(0, 3, 1, 2).double()


def clear_phase(model, size, rows, margin):
    """The first phase of the pixels under which no activation in training is near 0 or 6, where rounding would decide its gradient."""
    margins = []
    watch = lambda module, _, out: margins.append(min(out.abs().min().item(), (out - 6).abs().min().item()))
    activated = [m for name, m in model.named_modules() if isinstance(m, torch.nn.BatchNorm2d) and "reduce" not in name]
    handles = [module.register_forward_hook(watch) for module in activated]
    statistics = {name: value.clone() for name, value in model.named_buffers()}
    model.train()
    for phase in range(1000):
        margins.clear()
        with torch.no_grad():
            model(pixel_values=pixels(size, phase, rows))
        if min(margins, default=1) > margin:
            break
    else:
        raise RuntimeError("every phase brings some activation near a kink")
    for handle in handles:
        handle.remove()
    for name, value in model.named_buffers():
        value.copy_(statistics[name])
    return phase


def tensor_of(values):
    return {"shape": list(values.shape), "values": digits(values)}


def digits(values):
    return [float(f"{v:.8g}") for v in values.detach().flatten().tolist()]


def tiny(name, model, size, features, watched, normalisation, rows=ROWS, clear=False):
    folder = FIXTURES / f"tiny-{name}"
    fill(model, clear)
    model.save_pretrained(folder)
    preprocessor = {"do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True, "size": {"height": size, "width": size}}
    (folder / "preprocessor_config.json").write_text(json.dumps(preprocessor | normalisation, indent=2) + "\n")
    model = model.double()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 0.1  # MobileNetV2's 0.997 is TensorFlow's decay in the place of torch's momentum
    phase = clear_phase(model, size, rows, 4e-5 if clear else 1.5e-4)
    inputs = pixels(size, phase, rows)
    model.eval()
    with torch.no_grad():
        evaluated = {"features": tensor_of(features(model, inputs)), "logits": tensor_of(model(pixel_values=inputs).logits)}
    model.train()
    logits = model(pixel_values=inputs).logits
    weights = torch.from_numpy(np.sin(1.7 * np.arange(logits.numel()) + 1)).reshape(logits.shape)
    (logits * weights).sum().backward()
    parameters, buffers = dict(model.named_parameters()), dict(model.named_buffers())
    gradients = [{"name": file_name(key), **tensor_of(parameters[key].grad)} for key in watched["gradients"]]
    statistics = [{"name": key, **tensor_of(buffers[key])} for key in watched["statistics"]]
    write(f"tiny-{name}-outputs.json", {"madeWith": MADE_WITH, "rows": rows, "size": size, "phase": phase, "evaluated": evaluated, "trained": tensor_of(logits)},
          gradients=gradients, statistics=statistics)
    print(folder, {path.name: path.stat().st_size for path in sorted(folder.iterdir())})


def file_name(key):
    """Names of transformers' ViT modules differ from those in its files."""
    for module, file in (("vit.layers.", "vit.encoder.layer."), (".attention.q_proj.", ".attention.attention.query."),
                         (".attention.k_proj.", ".attention.attention.key."), (".mlp.fc1.", ".intermediate.dense.")):
        key = key.replace(module, file)
    return key


tiny(
    "mobilenet-v2",
    MobileNetV2ForImageClassification(MobileNetV2Config(
        depth_multiplier=0.1, depth_divisible_by=2, min_depth=4, expand_ratio=2.0, finegrained_output=False, image_size=48,
        num_labels=LABELS, classifier_dropout_prob=0.0)),
    48, lambda model, x: model.mobilenet_v2(x).pooler_output,
    {
        "gradients": [
            "mobilenet_v2.conv_stem.first_conv.convolution.weight", "mobilenet_v2.conv_stem.first_conv.normalization.weight",
            "mobilenet_v2.layer.0.conv_3x3.convolution.weight", "mobilenet_v2.layer.1.expand_1x1.convolution.weight",
            "mobilenet_v2.layer.5.conv_3x3.normalization.bias", "mobilenet_v2.layer.15.reduce_1x1.convolution.weight",
            "mobilenet_v2.conv_1x1.normalization.weight", "classifier.weight"],
        "statistics": [
            "mobilenet_v2.conv_stem.first_conv.normalization.running_mean", "mobilenet_v2.conv_stem.first_conv.normalization.running_var",
            "mobilenet_v2.layer.12.conv_3x3.normalization.running_var", "mobilenet_v2.conv_1x1.normalization.running_mean"],
    },
    {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]},
    # Seventeen norms one upon another: of few values a batch, or near a kink, they make 1e-7 into 1e-1.
    rows=8, clear=True)

for kind, depths in (("basic", [1, 1]), ("bottleneck", [1, 2])):
    last = "resnet.encoder.stages.1.layers.0"
    tiny(
        "resnet" if kind == "bottleneck" else "resnet-basic",
        ResNetForImageClassification(ResNetConfig(
            embedding_size=8, hidden_sizes=[16, 32], depths=depths, layer_type=kind, num_labels=LABELS)),
        33, lambda model, x: model.resnet(x).pooler_output.flatten(1),
        {
            "gradients": [
                "resnet.embedder.embedder.convolution.weight", "resnet.embedder.embedder.normalization.bias",
                f"{last}.shortcut.convolution.weight", f"{last}.layer.1.convolution.weight", f"{last}.layer.1.normalization.weight",
                "classifier.1.weight"],
            "statistics": [f"{last}.shortcut.normalization.running_mean", f"{last}.layer.1.normalization.running_var"],
        },
        {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]})

tiny(
    "vit",
    ViTForImageClassification(ViTConfig(
        hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=48, image_size=24, patch_size=8, num_labels=LABELS)),
    24, lambda model, x: model.vit(x).last_hidden_state[:, 0],
    {
        "gradients": [
            "vit.embeddings.cls_token", "vit.embeddings.position_embeddings", "vit.embeddings.patch_embeddings.projection.weight",
            "vit.embeddings.patch_embeddings.projection.bias", "vit.layers.0.attention.q_proj.weight", "vit.layers.1.attention.k_proj.weight",
            "vit.layers.1.mlp.fc1.bias", "vit.layernorm.weight", "classifier.weight"],
        "statistics": [],
    },
    {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]})


def other(model, size, config):
    """Names, shapes and features of a model of another library; its weights are `fill`, so that none need be kept."""
    fill(model)
    model = model.double().eval()
    with torch.no_grad():
        features = model(pixels(size))
    tensors = [[name, list(tensor.shape)] for name, tensor in model.state_dict().items()]
    return {"size": size, "config": config, "features": tensor_of(features), "tensors": tensors}


timm_mobilenet = timm.create_model("mobilenetv2_035", num_classes=0)
vision_mobilenet = torchvision.models.MobileNetV2(width_mult=0.35)
vision_mobilenet.classifier = torch.nn.Identity()
timm_resnet = timm.models.resnet.ResNet(timm.models.resnet.Bottleneck, (2, 1, 1, 1), num_classes=0)
timm_vit = timm.models.vision_transformer.VisionTransformer(img_size=32, patch_size=8, embed_dim=48, depth=2, num_heads=3, num_classes=0)
mobilenet_config = {"model_type": "mobilenet_v2", "depth_multiplier": 0.35, "tf_padding": False, "layer_norm_eps": 1e-5, "image_size": 64}
models = {
    "timm mobilenetv2_035": other(timm_mobilenet, 64, {"architecture": "mobilenetv2_035", "pretrained_cfg": {"input_size": [3, 64, 64]}}),
    "torchvision MobileNetV2": other(vision_mobilenet, 64, mobilenet_config),
    "timm ResNet": other(timm_resnet, 64, {"model_type": "resnet", "depths": [2, 1, 1, 1]}),
    "timm VisionTransformer": other(timm_vit, 32, {
        "model_type": "vit", "image_size": 32, "patch_size": 8, "hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 3,
        "intermediate_size": 192, "layer_norm_eps": 1e-6}),
}
made_with = MADE_WITH | {"timm": timm.__version__, "torchvision": torchvision.__version__.split("+")[0]}
write("image-models-elsewhere.json", {"madeWith": made_with}, models=[{"name": name, **model} for name, model in models.items()])
