"""Writes hf-token-ids.json: what Hugging Face's tokenizers (Rust) make of varied texts, for tokenize.test.ts.

    pip install tokenizers==0.23.3
    python make-hf-token-ids.py MINILM_FOLDER      # node -p "(await import('./infra/parts.mjs')).partPaths().minilm"

texts                200 texts of all scripts, emoji, control characters, special tokens and long words, with their ids
cutTo                the length to which `cut` was truncated
variedSha256         5,000 more such texts: SHA-256 of their ids, a line of comma-separated ids for each
everyCodePointSha256 the same of a{character}b for every code point below U+30000
"""
import hashlib
import json
import random
import sys
from pathlib import Path

import tokenizers

CUT_TO = 12
BLOCKS = [(0x20, 0x7E)] * 6 + [
    (0x0, 0x1F), (0x7F, 0xA0), (0xA0, 0x24F), (0x250, 0x36F), (0x370, 0x3FF), (0x400, 0x52F), (0x590, 0x5FF),
    (0x600, 0x6FF), (0x900, 0x97F), (0xE00, 0xE7F), (0x1100, 0x11FF), (0x1E00, 0x1FFF), (0x2000, 0x206F),
    (0x2070, 0x2BFF), (0x3000, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xE000, 0xF8FF), (0xF900, 0xFAFF),
    (0xFB00, 0xFFFF), (0x10000, 0x10FFF), (0x1D400, 0x1D7FF), (0x1F300, 0x1FAFF), (0x20000, 0x2FA1F),
    (0xE0000, 0xE01EF), (0x0, 0x10FFFF),
]  # fmt: skip
WORDS = (
    "the a running colourful café naïve ΣΑΣ ΟΔΟΣ İstanbul straße ﬁne don't e-mail 3.14 [CLS] [MASK] [unused5] ##ing "
    "東京 hello\ufeffworld \u0085 \u200b \u2028x \u180e 👩‍👩‍👧 $5 ½ ™ $"
).split(" ")


def character(rng):
    while True:
        code = rng.randint(*rng.choice(BLOCKS))
        if not 0xD800 <= code <= 0xDFFF:
            return chr(code)


def texts(seed, count):
    rng = random.Random(seed)
    for _ in range(count):
        kind = rng.random()
        if kind < 0.4:
            yield "".join(character(rng) for _ in range(rng.randint(1, 12)))
        elif kind < 0.95:
            words = (
                rng.choice(WORDS) if rng.random() < 0.6 else "".join(character(rng) for _ in range(rng.randint(1, 5)))
                for _ in range(rng.randint(1, 20))
            )
            yield " ".join(words)
        else:
            yield rng.choice("abcé東") * rng.randint(90, 120)


def digest(tokenizer, lines):
    sha = hashlib.sha256()
    for text in lines:
        sha.update((",".join(map(str, tokenizer.encode(text).ids)) + "\n").encode())
    return sha.hexdigest()


tokenizer = tokenizers.Tokenizer.from_file(str(Path(sys.argv[1]) / "tokenizer.json"))
tokenizer.no_padding()
tokenizer.no_truncation()
shown = [{"text": text, "ids": tokenizer.encode(text).ids} for text in ["", " ", *texts(1, 200)]]
varied = list(texts(2, 5000))
every = (f"a{chr(code)}b" for code in range(0x30000) if not 0xD800 <= code <= 0xDFFF)
result = {
    "madeWith": {"tokenizers": tokenizers.__version__},
    "variedSha256": digest(tokenizer, varied),
    "everyCodePointSha256": digest(tokenizer, every),
    "cutTo": CUT_TO,
}
tokenizer.enable_truncation(CUT_TO)
for entry in shown:
    entry["cut"] = tokenizer.encode(entry["text"]).ids
result["texts"] = shown
# The 5,000 texts themselves, so that the test need not draw as Python does; the ids stay a digest.
result["varied"] = varied
out = Path(__file__).with_name("hf-token-ids.json")
out.write_text(json.dumps(result, separators=(",", ":")).replace('{"text"', '\n{"text"') + "\n")
