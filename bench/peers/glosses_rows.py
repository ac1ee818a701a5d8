"""WordNet's noun glosses by topic: pairs of a gloss and the number of its topic, to train on and to test on."""
import collections
import csv
import random


def by_topic(dict_dir):
    """topic -> synset offset -> gloss, up to its first semicolon"""
    topics = collections.defaultdict(dict)
    for line in open(f"{dict_dir}/data.noun", encoding="latin1"):
        if not line.startswith("  "):
            head, gloss = line.split("|", 1)
            offset, topic = head.split()[:2]
            topics[topic][offset] = gloss.split(";")[0].strip()
    return topics


def listed(dict_dir, rows_file, train):
    """The example's rows; `train`: the splits to train on."""
    glosses = by_topic(dict_dir)
    rows = list(csv.DictReader(open(rows_file, encoding="ascii")))
    topics = sorted({row["topic"] for row in rows})

    def of(*splits):
        return [(glosses[row["topic"]][row["offset"]], topics.index(row["topic"]))
                for row in rows if row["split"] in splits]

    return of(*train), of("test"), topics


def drawn(dict_dir):
    """400 and 200 glosses of each topic that has 600, at random."""
    random.seed(0)
    glosses = by_topic(dict_dir)
    topics = sorted(topic for topic in glosses if len(glosses[topic]) >= 600)
    train, test = [], []
    for label, topic in enumerate(topics):
        of_topic = list(glosses[topic].values())
        random.shuffle(of_topic)
        train += [(gloss, label) for gloss in of_topic[:400]]
        test += [(gloss, label) for gloss in of_topic[400:600]]
    return train, test, topics
