"""Trains the example's tokenizer (byte-level BPE) on the training texts of the first half: python make-tokenizer.py

Reads nature.jsonl (make-texts.mjs), writes model/tokenizer.json. Needs the tokenizers library (0.22); the same texts give the same file.
"""
import json
import pathlib

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

END, VOCABULARY = "<|endoftext|>", 4000
folder = pathlib.Path(__file__).parent
rows = map(json.loads, open(folder / "nature.jsonl", encoding="ascii"))
texts = [row["text"] for row in rows if row["split"] == "train"]

tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
    vocab_size=VOCABULARY, special_tokens=[END], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
path = folder / "model" / "tokenizer.json"
tokenizer.save(str(path), pretty=False)
print(f"{path}: {path.stat().st_size:,} bytes, {tokenizer.get_vocab_size()} tokens")
