"""Small models saved by Keras, and what Keras computes with them: python keras_models.py

Writes test/fixtures/keras-models/: four files and outputs.json. `scores` are before softmax, outside training; `training` are those of a
training pass without dropout, with the moving statistics after it and the norm of every gradient of sum(scores * wave).
"""
import json
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import numpy as np
import tensorflow as tf
from keras import layers

FOLDER = pathlib.Path(__file__).parent.parent / "fixtures/keras-models"
FOLDER.mkdir(parents=True, exist_ok=True)


def wave(shape, phase, scale):
    count = int(np.prod(shape))
    return (scale * np.sin(0.61 * np.arange(count) * (1 + phase / 7) + phase + 1)).astype("float32").reshape(shape)


def residual():
    pixels = keras.Input((12, 12, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1)(pixels)
    x = layers.ZeroPadding2D(((0, 1), (0, 1)))(x)
    x = layers.Conv2D(4, 3, strides=2, use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.8)(x)
    first = layers.ReLU(max_value=6)(x)
    x = layers.DepthwiseConv2D(3, padding="same")(first)
    x = layers.BatchNormalization(scale=False)(x)
    x = layers.Activation("silu")(x)
    x = layers.Add()([x, first])
    x = layers.MaxPooling2D()(x)
    x = layers.SeparableConv2D(6, 3, padding="same", activation="gelu")(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.4)(x)
    return keras.Model(pixels, layers.Dense(3, activation="softmax", name="head")(x))


def nested():
    pixels = keras.Input((8, 8, 1))
    x = layers.Conv2D(4, 3, padding="same")(pixels)
    x = layers.LeakyReLU(negative_slope=0.2)(x)
    x = layers.BatchNormalization()(x)
    inner = keras.Model(pixels, layers.GlobalMaxPooling2D()(x), name="inner")
    return keras.Sequential([keras.Input((8, 8, 1)), inner, layers.Dense(5, activation="tanh"), layers.Dense(2), layers.Softmax()])


def table():
    return keras.Sequential([keras.Input((6,)), layers.Dense(8, activation="elu"), layers.BatchNormalization(), layers.Dense(4, use_bias=False), layers.Dense(1)])


def words():
    return keras.Sequential([
        keras.Input((5,), dtype="int32"), layers.Embedding(11, 6), layers.Conv1D(4, 2, activation="relu"), layers.LayerNormalization(),
        layers.GlobalAveragePooling1D(), layers.Dense(3, activation="softmax")])


def scores(model, x, training):
    """The model's output before its softmax."""
    *_, last = model.layers
    if isinstance(last, layers.Softmax):
        return keras.Sequential(model.layers[:-1])(x, training=training)
    activation, last.activation = last.activation, keras.activations.linear
    result = model(x, training=training)
    last.activation = activation
    return result


def short(values):
    return [float(f"{v:.8g}") for v in np.asarray(values, "float32").ravel()]


def record(name, model, file, shape):
    for i, weight in enumerate(model.weights):
        scale = 0.2 if "moving" not in weight.path else 0.1
        weight.assign(wave(weight.shape, i, scale) + (1 if weight.path.endswith(("gamma", "moving_variance")) else 0))
    model.save(FOLDER / file)
    size = int(np.prod(shape))
    x = wave(shape, 2, 100) + 100 if len(shape) == 4 else np.arange(size).reshape(shape) * 7 % 11 if name == "words" else wave(shape, 2, 1)
    for layer in model._flatten_layers():
        if isinstance(layer, layers.Dropout):
            layer.rate = 0.0
    evaluated = scores(model, x, False)
    with tf.GradientTape() as tape:
        trained = scores(model, x, True)
        loss = tf.reduce_sum(trained * wave(trained.shape, 5, 1.5))
    gradients = tape.gradient(loss, model.trainable_variables)
    dense = [layer.name for layer in model.layers if isinstance(layer, layers.Dense)][-1]

    def key(variable):
        layer, weight = variable.path.split("/")[-2:]
        if layer == dense:
            return f"head.{'weight' if weight == 'kernel' else weight}"
        return f"{layer}.{weight if layer[:9] != 'depthwise' else weight.replace('kernel', 'depthwise_kernel')}"

    norm = lambda gradient: float(tf.norm(tf.convert_to_tensor(gradient)))
    return {
        "file": file, "input": {"shape": list(shape), "values": short(x)}, "scores": short(evaluated),
        "training": {
            "scores": short(trained),
            "statistics": {key(v): short(v) for v in model.non_trainable_variables if "moving" in v.path},
            "gradientNorms": {key(v): float(f"{norm(g):.8g}") for v, g in zip(model.trainable_variables, gradients)},
        },
    }


records = {}
for name, make, file, shape in [
    ("residual", residual, "residual.keras", (5, 12, 12, 3)), ("residual, as HDF5", residual, "residual.h5", (5, 12, 12, 3)),
    ("nested", nested, "nested.keras", (4, 8, 8, 1)), ("nested, as HDF5", nested, "nested.h5", (4, 8, 8, 1)),
    ("table", table, "table.keras", (7, 6)), ("words", words, "words.keras", (3, 5)),
]:
    keras.backend.clear_session()
    records[name] = record(name, make(), file, shape)
made = {"keras": keras.__version__, "tensorflow": tf.__version__}
lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(value, separators=(',', ':'))}" for name, value in records.items())
(FOLDER / "outputs.json").write_text(f'{{"madeWith": {json.dumps(made)},\n"models": {{\n{lines}\n}}}}\n')
print({path.name: path.stat().st_size for path in sorted(FOLDER.iterdir())})
