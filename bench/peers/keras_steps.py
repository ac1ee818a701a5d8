"""Keras `fit` per step: the small CNN (batch 64) and a MiniLM-shaped encoder (batch 32, 64 tokens).

python keras_steps.py [--json | --serve]     {"peer": "keras fit fp32", "work": "cnn 28x28 batch 64", "ms": 9.0} a line
"""
import os
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
from keras import layers as L, ops

from report import measure


def fit(model, x, y, batch):
    """One epoch per call; Keras tells no single step's time, so it is the epoch's mean."""
    def run():
        start = time.perf_counter()
        model.fit(x, y, batch_size=batch, epochs=1, verbose=0, shuffle=False)
        return [(time.perf_counter() - start) * 1000 / (len(x) // batch)]

    return run


cnn = keras.Sequential([
    keras.Input((28, 28, 1)), L.Conv2D(32, 3, activation="relu"), L.MaxPooling2D(), L.Conv2D(64, 3, activation="relu"),
    L.MaxPooling2D(), L.Flatten(), L.Dropout(0.25), L.Dense(128, activation="relu"), L.Dense(10, activation="softmax")])
cnn.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])

ids = keras.Input((64,), dtype="int32")
x = L.LayerNormalization(epsilon=1e-12)(L.Embedding(30522, 384)(ids) + L.Embedding(512, 384)(ops.arange(64)))
for _ in range(6):
    x = L.LayerNormalization(epsilon=1e-12)(x + L.MultiHeadAttention(12, 32)(x, x))
    x = L.LayerNormalization(epsilon=1e-12)(x + L.Dense(384)(L.Dense(1536, activation="gelu")(x)))
encoder = keras.Model(ids, L.Dense(10)(L.GlobalAveragePooling1D()(x)))
encoder.compile(keras.optimizers.AdamW(5e-5), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
measure({
    ("keras fit fp32", "minilm 32x64"): fit(
        encoder, np.random.randint(1000, 20000, (640, 64)).astype("int32"), np.random.randint(0, 10, 640), 32),
    ("keras fit fp32", "cnn 28x28 batch 64"): fit(
        cnn, np.random.rand(6400, 28, 28, 1).astype("f"), np.random.randint(0, 10, 6400), 64),
})
