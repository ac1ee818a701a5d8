"""Token ids as Hugging Face gives them for pairs, words and byte-level BPE: python token_ids.py

Writes tiny-bpe/ (a byte-level BPE tokenizer as GPT-2 has it, trained on tiny-glosses.jsonl and a few lines of other scripts)
and token-ids.json. tiny_bert.py comes first.
"""
import copy
import json
import random

import tokenizers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from fixtures import FIXTURES, MADE_WITH, write

END = "<|endoftext|>"
OTHER = ["Ärger über Öl, naïve façade", "кошка и собака", "東京の猫は静かです", "🦉 👩‍👩‍👧 ½ ™ €", "x = f(1, 2)\n\treturn  y", "don't we'll I'm they've"] * 3
glosses = [json.loads(line)["gloss"] for line in (FIXTURES / "tiny-glosses.jsonl").read_text().splitlines()]

bpe = Tokenizer(models.BPE())
bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
bpe.decoder = decoders.ByteLevel()
bpe.post_processor = processors.ByteLevel(trim_offsets=False)
bpe.train_from_iterator(glosses + OTHER, trainers.BpeTrainer(
    vocab_size=600, special_tokens=[END], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
folder = FIXTURES / "tiny-bpe"
folder.mkdir(exist_ok=True)
bpe.save(str(folder / "tokenizer.json"))
settings = {"tokenizer_class": "GPT2Tokenizer", "eos_token": END, "bos_token": END, "unk_token": END, "model_max_length": 1024}
(folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")

ALPHABETS = ["abcdefghij XYZ", "0123456789.,- ", " \n\t  ", "äöüßéñ", "кошка ", "東京猫", "🦉😀👩\u200d", "'sdtm ve'll", "!?()[]{}@#", "\u0301\u00a0\u2028\u3000"]


def texts(seed, count):
    rng = random.Random(seed)
    for _ in range(count):
        if rng.random() < 0.3:
            yield " ".join(rng.choice(glosses).split()[: rng.randint(1, 6)])
        else:
            yield "".join(rng.choice(rng.choice(ALPHABETS)) for _ in range(rng.randint(0, 24)))


# Processors as RoBERTa has them, old style and new, over the same vocabulary.
ids_of = {"cls": ("<s>", 600), "sep": ("</s>", 601)}
roberta = {}
for name in ("template", "processing"):
    tokenizer = copy.deepcopy(json.loads(bpe.to_str()))
    tokenizer["added_tokens"] += [
        {"id": i, "content": token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        for token, i in ids_of.values()]
    loaded = Tokenizer.from_str(json.dumps(tokenizer))
    loaded.post_processor = (
        processors.RobertaProcessing(ids_of["sep"], ids_of["cls"], add_prefix_space=False) if name == "processing" else
        processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=list(ids_of.values())))
    roberta[name] = loaded

bert = Tokenizer.from_file(str(FIXTURES / "tiny-bert" / "tokenizer.json"))
pair_texts = [(glosses[0], glosses[1]), ("", "a"), ("a", ""), (glosses[2], "owl"), ("owl", glosses[2]), (glosses[3] * 3, glosses[4] * 2), (glosses[4] * 2, glosses[3] * 3)]
pair_texts += list(zip(texts(3, 12), texts(4, 12)))


def pairs(tokenizer, name, lengths):
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer)
    for length in lengths:
        for first, second in pair_texts:
            # In a batch, as data sets are tokenised: alone, an empty second text counts as none.
            found = fast([first], [second], truncation="longest_first", max_length=length, return_token_type_ids=True)
            yield {"tokenizer": name, "maxLength": length, "first": first, "second": second, "ids": found.input_ids[0], "types": found.token_type_ids[0]}


def words(tokenizer, name, lengths):
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer)
    for length in lengths:
        for text in [*glosses[:6], *texts(5, 20)]:
            parts = [part for part in text.split(" ") if part] or ["a"]
            found = fast(parts, is_split_into_words=True, truncation=True, max_length=length)
            places, before = [-1] * len(parts), None
            for place, word in enumerate(found.word_ids()):
                if word is not None and word != before:
                    places[word] = place
                before = word
            yield {"tokenizer": name, "maxLength": length, "words": parts, "ids": found.input_ids, "firstPieces": places}


prefixed = Tokenizer.from_str(bpe.to_str())
prefixed.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
everything = [*glosses[:20], *OTHER[:6], f"one{END}two", *texts(6, 200)]
write(
    "token-ids.json", {"madeWith": {**MADE_WITH, "tokenizers": tokenizers.__version__}, "specialTokens": ids_of, "endOfText": bpe.token_to_id(END)},
    bpe=[{"text": text, "ids": bpe.encode(text).ids} for text in everything],
    pairs=[*pairs(bert, "tiny-bert", [64, 12, 7, 6, 5]), *pairs(roberta["template"], "template", [64, 13]), *pairs(roberta["processing"], "processing", [64, 12])],
    words=[*words(bert, "tiny-bert", [64, 9]), *words(prefixed, "tiny-bpe", [64, 9])])
