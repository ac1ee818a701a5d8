"""MiniLM's sentence vectors as Hugging Face computes them: python sentence_vectors.py MODEL_DIR

Twenty texts from no word at all (a lone [UNK] too) to more than fit, with what makes tokenisers differ: accents, case,
Chinese characters, control characters, numbers, very long words.
"""
import sys

import torch
from transformers import AutoModel, AutoTokenizer

from fixtures import MADE_WITH, sentence_vectors, write

MAX_LENGTH = 128
TEXTS = [
    "Hello",
    "🦉",
    "Café, naïve, Übergrößenträger",
    "The cat sat on the mat.",
    "東京 is the capital of Japan",
    "WHO'S THERE?! -- nobody, it's 3:45 a.m.",
    "a\tmolecule\u0000 of\r\nwater\u00a0has two hydrogen atoms  ",
    "Invoice #2024-0117: 1,299.00 EUR are due within 30 days (see https://example.com/pay?id=42).",
    "antidisestablishmentarianism and floccinaucinihilipilification are longer than they are useful",
    "x" * 120 + " is a word of one hundred and twenty letters, and no word piece",
    "any of numerous small silvery fishes of the family Atherinidae that swim in dense schools near the coast",
    "She told her brother that the train would be late again, that nobody at the station knew why, and that he should not wait.",
    "Take two eggs, a cup of flour, a pinch of salt and a glass of milk; stir until no lumps are left, let it rest for half an "
    "hour, then fry thin pancakes in hot butter.",
    "In 1953 Watson and Crick proposed that DNA is a double helix whose two strands run in opposite directions, held together by "
    "pairs of bases: adenine with thymine, guanine with cytosine.",
    "The court found that the tenant, who had paid every instalment on time, could not be held responsible for the damage, because "
    "the landlord had been told of the leaking roof three times and had done nothing about it before the winter.",
    "A good map leaves things out. It shows the roads to a driver and the depths to a sailor, and each of them would be lost with "
    "the other's chart, although both charts are true, both were drawn with care, and both describe the same few miles of coast.",
    "When the orchestra had tuned, the conductor put down the baton, turned to the hall and said that the second oboe had fallen "
    "ill, that a student from the third row had offered to play the part at sight, and that whoever wanted their money back could "
    "have it at the door; nobody left, and the applause was long.",
    "Most software that fails at night fails because of something that somebody knew by day: a disk that was nearly full, a "
    "certificate that was about to expire, a queue that grew a little every week. None of it is hard to measure, all of it is dull "
    "to watch, and so the first task of a monitor is to stay silent until the one sentence that it has to say is worth waking for.",
    "The river rises in a bog at nine hundred metres, falls through a gorge that the railway crosses eleven times, and reaches the "
    "plain so slowly that the villages there have always been unsure which way it flows. In dry summers it does not flow at all; "
    "in the spring of 1947 it took the mill, both bridges, most of the lower orchard and a piano that was found, still in tune "
    "according to the man who found it, forty miles downstream.",
    "This last text is longer than the model is asked to read. " * 3 + "It goes on, sentence after sentence, so that a reader who "
    "keeps count of the word pieces will run out of patience some time before the text runs out of words, which is the point of "
    "it: what lies beyond the limit must be cut off, the closing mark must still be there, and nothing that was cut off may change "
    "the result by a single bit. Zebras, xylophones, quartz and jazz are words that no reader of the first one hundred and twenty "
    "eight tokens will ever see, and so are these: violet, umbrella, thunder, salmon, ribbon, quilt, piano, orange, nutmeg, mirror.",
]

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
model = AutoModel.from_pretrained(sys.argv[1], dtype=torch.float32).eval()
rows = sentence_vectors(tokenizer, model, TEXTS, MAX_LENGTH)
print("lengths", [len(row["ids"]) for row in rows], "of", [len(tokenizer(t, truncation=False, padding=False).input_ids) for t in TEXTS])
write("minilm-sentence-vectors.json", {"madeWith": MADE_WITH, "maxLength": MAX_LENGTH}, sentences=rows)
