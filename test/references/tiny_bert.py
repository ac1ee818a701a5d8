"""A tiny random BERT and its data, for fast tests of the whole product: python tiny_bert.py WORDNET_DICT_DIR

Its word pieces come from the glosses; [PAD] [UNK] [CLS] [SEP] [MASK] are 0 to 4, unlike MiniLM's 0 100 101 102 103.
"""
import collections
import hashlib
import json
import sys

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import AutoModel, AutoTokenizer, BertConfig, BertModel

from fixtures import FIXTURES, MADE_WITH, TOPIC_NAMES, read_rows, sentence_vectors, write

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
VOCABULARY, WORD_ENDS, POSITIONS, GLOSSES_PER_TOPIC = 1000, 250, 64, 60
folder = FIXTURES / "tiny-bert"
train = read_rows(sys.argv[1], "train")

normalizer = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True)


def vocabulary(texts):
    """Every character, then the most frequent word ends of 2 to 4 letters and words. (The library's trainer breaks ties at random.)"""
    split = pre_tokenizers.BertPreTokenizer()
    words = collections.Counter(word for text in texts for word, _ in split.pre_tokenize_str(normalizer.normalize_str(text)))
    ends = collections.Counter()
    for word, count in words.items():
        for length in range(2, min(5, len(word))):
            ends["##" + word[-length:]] += count
    characters = sorted({character for word in words for character in word})
    pieces = [*SPECIAL, *characters, *("##" + character for character in characters), *by_frequency(ends)[:WORD_ENDS]]
    pieces += [word for word in by_frequency(words) if len(word) > 1]
    return {piece: i for i, piece in enumerate(pieces[:VOCABULARY])}


def by_frequency(counts):
    return [key for key, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]


tokenizer = Tokenizer(models.WordPiece(vocabulary([gloss for _, _, gloss in train]), unk_token="[UNK]", max_input_chars_per_word=100))
tokenizer.normalizer = normalizer
tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
tokenizer.decoder = decoders.WordPiece(prefix="##")
tokenizer.add_special_tokens(SPECIAL)
tokenizer.post_processor = processors.TemplateProcessing(
    single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
    special_tokens=[(token, tokenizer.token_to_id(token)) for token in ("[CLS]", "[SEP]")])

torch.set_num_threads(1)
torch.manual_seed(7)
config = BertConfig(
    vocab_size=tokenizer.get_vocab_size(), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
    max_position_embeddings=POSITIONS, initializer_range=0.1)
BertModel(config).save_pretrained(folder)
tokenizer.save(str(folder / "tokenizer.json"))
settings = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": POSITIONS}
settings |= {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
(folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")
print(folder, {path.name: path.stat().st_size for path in sorted(folder.iterdir())})

rows = sorted(train, key=lambda row: hashlib.sha256(f"tiny:{row[0]}".encode()).hexdigest())
chosen = [[row for row in rows if row[1] == topic][:GLOSSES_PER_TOPIC] for topic in TOPIC_NAMES]
lines = [json.dumps({"id": i, "gloss": g, "topic": TOPIC_NAMES[t]}) for four in zip(*chosen) for i, t, g in four]
(FIXTURES / "tiny-glosses.jsonl").write_text("\n".join(lines) + "\n", encoding="ascii")

texts = ["a", "the fruit of an apple tree", "Café in ZÜRICH, 1999!", "🦉 an owl", chosen[2][0][2], "one two three four five " * 20]
loaded = AutoModel.from_pretrained(folder).eval()
write(
    "tiny-bert-sentence-vectors.json", {"madeWith": MADE_WITH, "maxLength": POSITIONS},
    sentences=sentence_vectors(AutoTokenizer.from_pretrained(folder), loaded, texts, POSITIONS))
