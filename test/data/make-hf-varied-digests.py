"""Writes hf-varied-digests.json: SHA-256 of what Hugging Face's tokenizers (Rust) make of the 5,000 varied texts of
hf-token-ids.json, for byte-level BPE and Unigram; and fixtures/tiny-unigram, a SentencePiece-like tokenizer.

    pip install tokenizers==0.23.3
    python make-hf-varied-digests.py

`shown` has the ids of the first texts, to tell what differs.
"""
import hashlib
import json
from pathlib import Path

import tokenizers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

HERE = Path(__file__).parent
FIXTURES = HERE.parent / "fixtures"
SHOWN = 40

glosses = [json.loads(line)["gloss"] for line in (FIXTURES / "tiny-glosses.jsonl").read_text().splitlines()]
varied = json.loads((HERE / "hf-token-ids.json").read_text())["varied"]

unigram_folder = FIXTURES / "tiny-unigram"
if not (unigram_folder / "tokenizer.json").exists():  # training takes the order of a hash map: not the same twice
    unigram = Tokenizer(models.Unigram())
    unigram.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    unigram.pre_tokenizer = pre_tokenizers.Metaspace()
    unigram.decoder = decoders.Metaspace()
    unigram.train_from_iterator(
        glosses,
        trainers.UnigramTrainer(
            vocab_size=600, special_tokens=["<unk>", "<s>", "</s>"], unk_token="<unk>", show_progress=False
        ),
    )
    unigram_folder.mkdir(exist_ok=True)
    unigram.save(str(unigram_folder / "tokenizer.json"))


def reference(folder):
    tokenizer = Tokenizer.from_file(str(FIXTURES / folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    ids = [tokenizer.encode(text).ids for text in varied]
    lines = "".join(",".join(map(str, each)) + "\n" for each in ids)
    return {"sha256": hashlib.sha256(lines.encode()).hexdigest(), "shown": ids[:SHOWN]}


folders = ["tiny-bert", "tiny-bpe", "tiny-gpt2", "tiny-roberta", "tiny-unigram"]
result = {"madeWith": {"tokenizers": tokenizers.__version__}, **{folder: reference(folder) for folder in folders}}
(HERE / "hf-varied-digests.json").write_text(json.dumps(result, separators=(",", ":")) + "\n")
