r"""Fine-tune a pretrained language model on a text, from a shell.

    python -m unrolled.finetune --out bard                 the book's model, the book's plays
    python -m unrolled.finetune --out bard --resume        go on after an interruption
    python -m unrolled.finetune --out mine --model gpt2 --text one.txt two.txt --steps 500

DIR becomes an ordinary model: AutoModelForCausalLM.from_pretrained(DIR) loads it. While it learns,
DIR/checkpoints holds what --resume needs. Nothing is downloaded but the book's own model and
plays, or the model of the hub that --model names.

Beyond one machine, accelerate starts the very same module once for each device:

    4 GPUs            accelerate launch --multi_gpu --num_processes 4 -m unrolled.finetune --out DIR
    2 CPU processes   accelerate launch --multi_gpu --num_processes 2 -m unrolled.finetune --out DIR
    2 hosts, 8 GPUs   on each host, with its own --machine_rank (0 and 1):
        accelerate launch --multi_gpu --num_machines 2 --num_processes 8 --machine_rank 0 \
            --main_process_ip ADDRESS_OF_HOST_0 --main_process_port 29500 \
            -m unrolled.finetune --out DIR

--batch-size counts the blocks of all processes together, so that the same command gives the same
losses on one device and on eight, up to rounding. --multi_gpu is accelerate's word for one process
a device: without a GPU, or with ACCELERATE_USE_CPU=true, they compute on processors. DIR, the texts
and the model must be the same for all hosts: a shared disk. Explained in ``book/capstone.md``.
"""

import argparse
import sys
from pathlib import Path

from unrolled.finetune.session import Session
from unrolled.finetune.settings import SettingsError
from unrolled.pretrained import ModelError
from unrolled.wheels import AssetError


def main(arguments: list[str] | None = None) -> int:
    """Run, and turn what goes wrong into one line; returns the exit status."""
    said = vars(_parser().parse_args(arguments))
    own = {name: said.pop(name) for name in ("out", "resume", "report", "checkpoint_every")}
    out = own["out"]
    try:
        Session(said=said, **own).run()
    except (SettingsError, ModelError) as error:
        return _complain(str(error), 2)
    except AssetError as error:
        return _complain(str(error), 1)
    except KeyboardInterrupt:
        return _complain(f"interrupted; `--out {out} --resume` goes on", 130)
    except OSError as error:
        return _complain(f"{out}: {error}. Checkpoints written before are intact: --resume", 1)
    except (MemoryError, RuntimeError) as error:
        if not short_of_memory(error):
            raise
        hint = "close other programs and --resume, or begin anew with a smaller --batch-size"
        return _complain(f"not enough memory: {hint} or --block-length", 1)
    return 0


def short_of_memory(error: Exception) -> bool:
    """Whether an error says that memory ran out, which PyTorch does in several ways."""
    signs = ("can't allocate memory", "not enough memory", "out of memory", "bad alloc")
    return isinstance(error, MemoryError) or any(sign in str(error) for sign in signs)


def _complain(message: str, status: int) -> int:
    print(f"finetune: {' '.join(message.split())}", file=sys.stderr)
    return status


def _parser() -> argparse.ArgumentParser:
    """All options; those that decide the result are left out of what comes back unless given."""
    parser = argparse.ArgumentParser(prog="python -m unrolled.finetune", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("--out", type=Path, required=True, metavar="DIR", help="where the result goes")
    add("--resume", action="store_true", help="go on with the run in DIR, if there is one")
    add("--report", type=Path, metavar="FILE", help="write what came out as JSON")
    add("--checkpoint-every", type=_count, default=20, metavar="N", help="steps; default: 20")
    run = parser.add_argument_group("what decides the result (kept in DIR for --resume)")

    def decides(name: str, **options: object) -> None:
        run.add_argument(name, default=argparse.SUPPRESS, **options)

    decides("--model", metavar="PATH_OR_HUB_ID", help="default: SmolLM2-135M-Instruct")
    decides("--text", nargs="+", metavar="FILE", help="UTF-8; default: 36 plays by Shakespeare")
    decides("--held-out", metavar="FILE", help="what judges; default: the end of the text")
    decides("--method", choices=["lora", "full"], help="default: lora")
    decides("--steps", type=_count, metavar="N", help="default: 200")
    decides("--batch-size", type=_count, metavar="B", help="blocks a step; default: 8")
    decides("--block-length", type=_count, metavar="T", help="tokens a block; default: 256")
    decides("--learning-rate", type=float, metavar="X", help="default: 2e-3 (full: 1e-4)")
    decides("--rank", type=_count, metavar="R", help="of LoRA's matrices; default: 16")
    decides("--last-layers", type=_count, metavar="N", help="adapt only these; default: all")
    decides("--seed", type=int, metavar="N", help="default: 0")
    decides("--precision", choices=["auto", "float32", "bfloat16"], help="default: auto")
    decides("--threads", type=_count, metavar="N", help="of the processor; default: PyTorch's")
    return parser


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1, got {text}")
    return value


if __name__ == "__main__":
    sys.exit(main())
