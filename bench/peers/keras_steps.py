"""Keras `fit` per step: a MiniLM-shaped encoder (batch 32, 64 tokens), a small CNN (batch 64), MobileNetV2 (batch 32, 160 pixels).

python keras_steps.py [--json | --serve]     {"peer": "keras fit fp32", "work": "cnn 28x28 batch 64", "ms": 9.0} a line
"""
from keras_fit import fit  # first: it quietens TensorFlow
import keras
import numpy as np
from keras import layers as L, ops

from report import measure

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def encoder():
    ids = keras.Input((64,), dtype="int32")
    x = L.LayerNormalization(epsilon=1e-12)(L.Embedding(30522, 384)(ids) + L.Embedding(512, 384)(ops.arange(64)))
    for _ in range(6):
        x = L.LayerNormalization(epsilon=1e-12)(x + L.MultiHeadAttention(12, 32)(x, x))
        x = L.LayerNormalization(epsilon=1e-12)(x + L.Dense(384)(L.Dense(1536, activation="gelu")(x)))
    model = keras.Model(ids, L.Dense(10)(L.GlobalAveragePooling1D()(x)))
    model.compile(keras.optimizers.AdamW(5e-5, global_clipnorm=1.0), LOSS)
    return fit(model, np.random.randint(1000, 20000, (640, 64)).astype("int32"), np.random.randint(0, 10, 640), 32)


def cnn():
    model = keras.Sequential([
        keras.Input((28, 28, 1)), L.Conv2D(32, 3, padding="same", activation="relu"), L.MaxPooling2D(),
        L.Conv2D(64, 3, padding="same", activation="relu"), L.MaxPooling2D(), L.Flatten(),
        L.Dense(128, activation="relu"), L.Dropout(0.25), L.Dense(10)])
    model.compile("adam", LOSS)
    return fit(model, np.random.rand(6400, 28, 28, 1).astype("f"), np.random.randint(0, 10, 6400), 64)


def mobilenet():
    model = keras.applications.MobileNetV2((160, 160, 3), weights=None, classes=10, classifier_activation=None)
    model.compile(keras.optimizers.Adam(5e-5), LOSS)
    x = ops.convert_to_tensor(np.random.rand(320, 160, 160, 3).astype("f"))
    return fit(model, x, ops.convert_to_tensor(np.random.randint(0, 10, 320)), 32)


measure({
    ("keras fit fp32", "minilm 32x64"): encoder(),
    ("keras fit fp32", "cnn 28x28 batch 64"): cnn(),
    ("keras fit fp32", "mobilenet-v2 32x160"): mobilenet(),
})
