r"""Fine-tuning: a pretrained language model goes on learning, on a text of your choice.

The parts, in reading order: `config` (how a run goes), `blocks` (texts cut into rows of equal
length, and their order), `adapters` (LoRA: small matrices learn, the pretrained ones stay),
`loss` (the surprise, without a table of all logits), `run` (the loop), `checkpoints` (a killed run
goes on), `machine` (device and precision), and a command:

    python -m unrolled.finetune --out DIR
    python -m unrolled.finetune --out DIR --resume
    python -m unrolled.finetune --help
    python -m unrolled.finetune.benchmark

The same in Python:

    model = adapt(load_model(dtype=torch.bfloat16), config)
    for record in finetune(model, pack([text], load_tokenizer(), 256), config):
        print(record.step, record.nats)

Used in ``book/capstone.md``.
"""

from unrolled.finetune.adapters import adapt, merged, save, trainable
from unrolled.finetune.blocks import count_characters, pack
from unrolled.finetune.config import FinetuneConfig
from unrolled.finetune.run import Record, Run, evaluate, finetune

__all__ = [
    "FinetuneConfig",
    "Record",
    "Run",
    "adapt",
    "count_characters",
    "evaluate",
    "finetune",
    "merged",
    "pack",
    "save",
    "trainable",
]
