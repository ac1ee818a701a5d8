"""Whether TensorFlow says of exported models what the trainer said: python exports_agree.py FOLDER

FOLDER is what `KEEP_EXPORTS=FOLDER npx vitest run test/training/export` leaves: a folder a model with expected.json
([{"feeds": {name: {"shape", "values"}}, "outputs"}]) and the SavedModel `saved`.
"""
import json
import pathlib
import sys

import numpy as np
import tensorflow as tf

TOLERANCE = 1e-5
worst = 0.0
for path in sorted(pathlib.Path(sys.argv[1]).glob("*/expected.json")):
    if not (path.parent / "saved").exists():
        continue
    serve = tf.saved_model.load(str(path.parent / "saved")).signatures["serving_default"]
    inputs = {name: (spec.shape, spec.dtype.name) for name, spec in serve.structured_input_signature[1].items()}
    for asked in json.loads(path.read_text()):
        feeds = {
            name: tf.constant(feed["values"], shape=feed["shape"], dtype=inputs[name][1]) for name, feed in asked["feeds"].items()}
        found = serve(**feeds)["outputs"].numpy().ravel()
        expected = np.array(asked["outputs"], "float32")
        difference = float(np.abs(found - expected).max() / np.abs(expected).max())
        worst = max(worst, difference)
        print(f"{path.parent.name}: {[feed['shape'] for feed in asked['feeds'].values()]} {difference:.1e}")
    print(f"{path.parent.name}: inputs {inputs}")
print(f"TensorFlow {tf.__version__}: largest difference {worst:.1e}")
sys.exit(worst > TOLERANCE or worst == 0.0)
