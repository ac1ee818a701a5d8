"""What a checkpoint costs with the Hugging Face Trainer: the glosses job, and a checkpoint each so many steps.

`to disk` is what the Trainer does: weights, optimizer, scheduler and random states below output_dir, with no step meanwhile. `to S3` uploads
that folder too, as a callback does when a node's disk may be lost (Ray Train's report() does the same before it goes on). Neither tells
whether what is stored is whole.

python trainer_checkpoints.py MODEL_DIR WORDNET_DICT_DIR --rows examples/glosses/rows.csv --steps 120 --every 30 [--s3 URL/BUCKET] [--json | --serve]
    {"peer": "trainer, to disk", "work": "120 steps", "ms": 61000.1} a line: from the first step's beginning to the end of the last one's checkpoint
Credentials of S3 are read from the environment, as boto3 does.
"""
import os
import sys
import tempfile
import time

import boto3
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, Trainer, TrainerCallback, TrainingArguments

from glosses_rows import listed
from report import argument, measure

rows_file, steps, every, s3 = (argument(flag) for flag in ("--rows", "--steps", "--every", "--s3"))
model_dir, dict_dir = sys.argv[1:3]
steps, every = int(steps), int(every)
rows, _, topics = listed(dict_dir, rows_file, train=("train",))
tokenizer = AutoTokenizer.from_pretrained(model_dir)
examples = [
    {**tokenizer(gloss, truncation=True, max_length=32), "label": label} for gloss, label in rows
]


class Clock(TrainerCallback):
    began = None

    def on_step_begin(self, args, state, control, **_):
        self.began = self.began or time.perf_counter()


class ToS3(TrainerCallback):
    def __init__(self):
        endpoint, self.bucket = s3.rsplit("/", 1)
        self.client = boto3.client("s3", endpoint_url=endpoint)

    def on_save(self, args, state, control, **_):
        folder = os.path.join(args.output_dir, f"checkpoint-{state.global_step}")
        for name in os.listdir(folder):
            self.client.upload_file(os.path.join(folder, name), self.bucket, f"trainer/{state.global_step}/{name}")


def trained(strategy, *callbacks):
    def run():
        torch.manual_seed(0)
        clock = Clock()
        with tempfile.TemporaryDirectory(prefix="temper-bench-") as folder:
            arguments = TrainingArguments(
                folder, max_steps=steps, per_device_train_batch_size=32, learning_rate=1e-4, weight_decay=0.01, warmup_steps=50,
                optim="adamw_torch_fused", save_strategy=strategy, save_steps=every, save_total_limit=2,
                report_to="none", disable_tqdm=True, logging_strategy="no", use_cpu=True)
            model = AutoModelForSequenceClassification.from_pretrained(model_dir, num_labels=len(topics))
            trainer = Trainer(model, arguments, train_dataset=examples, processing_class=tokenizer,
                              callbacks=[clock, *(make() for make in callbacks)])
            trainer.train()
            return [(time.perf_counter() - clock.began) * 1000]

    return run


measure({
    ("trainer, none", f"{steps} steps"): trained("no"),
    ("trainer, to disk", f"{steps} steps"): trained("steps"),
    **({("trainer, to S3", f"{steps} steps"): trained("steps", ToS3)} if s3 else {}),
})
