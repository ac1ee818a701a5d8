"""The Python reader of docs/own-models.md, run on a published MLP: python mlp_reader.py FOLDER

FOLDER has config.json, model.safetensors and expected.json ([{"feeds", "outputs"}]), as `KEEP_EXPORTS=… npx vitest run test/training/mlp.test.ts` leaves it.
"""
import json
import os
import pathlib
import re
import sys

docs = pathlib.Path(__file__).parent.parent.parent / "docs/own-models.md"
asked = json.loads((pathlib.Path(sys.argv[1]) / "expected.json").read_text())
os.chdir(sys.argv[1])
exec(re.search(r"```python\n(.*?)```", docs.read_text(), re.S)[1])  # gives `model` and `torch`
worst = 0.0
for case in asked:
    feed = case["feeds"]["features"]
    with torch.no_grad():
        found = model(torch.tensor(feed["values"]).reshape(feed["shape"])).flatten()
    expected = torch.tensor(case["outputs"])
    worst = max(worst, float((found - expected).abs().max() / expected.abs().max()))
print(f"torch {torch.__version__}: largest difference {worst:.1e}")
sys.exit(worst > 1e-5 or worst == 0.0)
