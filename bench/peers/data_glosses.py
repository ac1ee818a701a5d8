"""Glosses to shards of token ids with datasets and tokenizers, one process: data_glosses.py TOKENIZER_JSON GLOSSES.jsonl FOLDER"""
import os
import resource
import shutil
import sys

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["HF_DATASETS_OFFLINE"] = "1"
import datasets
import tokenizers

from report import measure

datasets.disable_progress_bars()
tokenizer_json, glosses, folder = [argument for argument in sys.argv[1:] if not argument.startswith("--")]


def cpu():
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def steps():
    before = cpu()
    shutil.rmtree(folder, ignore_errors=True)
    tokenizer = tokenizers.Tokenizer.from_file(tokenizer_json)
    tokenizer.no_padding()
    tokenizer.enable_truncation(128)
    rows = datasets.Dataset.from_json(glosses, cache_dir=f"{folder}/cache").class_encode_column("topic")
    rows = rows.map(
        lambda batch: {"tokens": [each.ids for each in tokenizer.encode_batch_fast(batch["gloss"])]},
        batched=True, load_from_cache_file=False)
    rows.train_test_split(0.2, seed=7).save_to_disk(f"{folder}/shards")
    return [1000 * (cpu() - before)]


measure({("datasets + tokenizers", "glosses"): steps})
