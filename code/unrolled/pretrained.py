"""The pretrained LLM of the book: SmolLM2-135M-Instruct, as the Hugging Face libraries expect one.

It comes in one GGUF file, a format that holds a model's numbers, rounded to some four bits each,
and its tokenizer together. `folder` turns that file once into what every model of the hub is: a
folder with ``config.json``, ``model.safetensors`` and the tokenizer's files, 540 MB in the cache of
`unrolled.assets`. `load_model` and `load_tokenizer` read it, or any other folder, or, for a reader
who is online, any model of the hub by its name.

From a shell, ``python -m unrolled.pretrained`` makes the folder ready and says where it is.
The tokenizer is explained in ``book/tokens.md``, the model in ``book/huggingface.md``. The model:
Ben Allal et al. (2025), https://arxiv.org/abs/2502.02737.
"""

from __future__ import annotations

import re
import socket
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from unrolled import assets
from unrolled.wheels import AssetError
from unrolled.whole import differing, write_whole

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

GGUF_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SPLITTING = "smollm"
SPECIAL = 3
"""GGUF's mark for a token that no text contains, such as the end of a turn."""
FORMAT = 1
"""Counts up whenever the folder is to be made in another way."""

_verified: set[Path] = set()  # folders that this process has already checked


class ModelError(ValueError):
    """A model that can't be loaded; the message, one line, says why and what to do."""


def folder() -> Path:
    """The pretrained LLM as a folder that every ``from_pretrained`` reads; made if it is missing.

    The first call takes about 20 seconds. Safe to call from several processes at once: one
    converts, the others wait, and an interrupted conversion leaves nothing that a later one takes
    for complete. Later calls check the files once per process, reading the weights again only if
    their size or time has changed; a damaged folder is said so on standard error and made anew.

    Raises:
        AssetError: The GGUF file can't be fetched, or the cache can't be written.
    """
    from filelock import FileLock

    place = assets.cache_folder() / f"smollm2-{assets.ASSETS['smollm2'].version}-folder-{FORMAT}"
    if place in _verified and place.is_dir():
        return place
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(place.parent / "smollm2-folder.lock"):
            damaged = differing(place) if place.exists() else []
            if damaged:
                print(f"{place}: damaged: {', '.join(damaged)}", file=sys.stderr)
            if damaged or not place.exists():
                print("smollm2: converting it once, 540 MB", file=sys.stderr)
                write_whole(place, _convert)
    except OSError as error:
        raise AssetError(
            f"smollm2: {place} can't be made or read ({error}); it takes 540 MB: free some space, "
            "or set UNROLLED_CACHE to another folder"
        ) from error
    _verified.add(place)
    return place


def _convert(target: Path) -> None:
    """Write the GGUF file's model and tokenizer as transformers would have saved them."""
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(
        assets.fetch("smollm2"), gguf_file=GGUF_FILE, dtype="float32", local_files_only=True
    )
    # it is an ordinary model by now, but for two marks of its origin, with which save_pretrained
    # refuses to write it; the third is only a name
    del model.config.quantization_config, model.config._model_name_or_path
    model.hf_quantizer = None
    with quiet():
        model.save_pretrained(target)
    load_tokenizer().save_pretrained(target)


def load_model(
    path_or_id: str | Path | None = None, dtype: torch.dtype | str = "auto"
) -> PreTrainedModel:
    """A causal language model, ready to score and to write (in evaluation mode).

    Args:
        path_or_id: A folder, or the name of a model on the hub such as ``"gpt2"``, which needs a
            connection the first time. Without it, the book's own, from `folder`.
        dtype: Of the weights; ``"auto"`` is what they were saved in (the book's own: float32).

    Raises:
        ModelError: No such folder, nothing in it that can be loaded, or a name that neither the
            hub nor its local cache gives.
        AssetError: The book's own can't be fetched.
    """
    from transformers import AutoModelForCausalLM

    return _load(AutoModelForCausalLM, path_or_id, dtype=dtype).eval()


def load_tokenizer(path_or_id: str | Path | None = None) -> PreTrainedTokenizerFast:
    """The tokenizer of a pretrained LLM, as the class that transformers uses everywhere.

    ``encode`` and ``decode`` work as those of the book's own vocabularies. Arguments and errors
    are those of `load_model`; without an argument, the same object comes back each time.
    """
    if path_or_id is None:
        return _own_tokenizer()
    from transformers import AutoTokenizer

    return _load(AutoTokenizer, path_or_id)


def _load(loader: type, path_or_id: str | Path | None, **options: object) -> object:
    """Call ``from_pretrained``; whatever goes wrong becomes one line that says what to do."""
    source = folder() if path_or_id is None else path_or_id
    place, online = Path(source).expanduser(), False
    if not place.is_dir():
        if not re.fullmatch(r"[\w.-]*\w(/[\w.-]+)?", str(source)):
            raise ModelError(f"{source}: expected a folder with a model, found none there")
        place, online = (source, True) if hub_answers() else (_downloaded(source), False)
    try:
        with nullcontext() if online else quiet():
            return loader.from_pretrained(place, local_files_only=not online, **options)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, ImportError) as error:
        expected = "a model that the hub knows" if online else "a folder as save_pretrained writes"
        said = " ".join(str(error).split())[:300] or type(error).__name__
        raise ModelError(f"{source}: expected {expected}; {said}") from error


def _downloaded(name: str) -> str:
    """Return where an earlier download of a hub's model lies on this machine."""
    from huggingface_hub import snapshot_download

    try:
        return snapshot_download(name, local_files_only=True)
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{name}: no folder has this name, the hub can't be reached, and no earlier download "
            "of it lies here. Check the name, connect, or name a folder with a model"
        ) from error


def hub_answers() -> bool:
    """Whether asking the hub makes sense: not switched off, and its address is known here.

    The libraries themselves try for most of a minute before they give up.
    """
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return False
    if urllib.request.getproxies():  # then the proxy knows addresses, and this machine may not
        return True
    try:
        return bool(socket.getaddrinfo(urllib.parse.urlparse(constants.ENDPOINT).hostname, 443))
    except OSError:
        return False


@contextmanager
def quiet() -> Iterator[None]:
    """Show no progress bars of transformers: they would stand on a page, different each time."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


@cache
def _own_tokenizer() -> PreTrainedTokenizerFast:
    """The tokenizer that the GGUF file describes.

    It cuts digits apart before all else, then words as GPT-2 does. (transformers' own reader of
    GGUF files leaves the digits' rule out, so that blanks before a number come out as other ids
    than those which the model was trained on. So the tokenizer is put together here.)

    Raises:
        AssetError: The asset can't be fetched.
        ValueError: The file names another way to split text than the one built here.
    """
    from gguf import GGUFReader
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    fields = GGUFReader(assets.fetch("smollm2") / GGUF_FILE).fields

    def stored(key: str) -> object:
        return fields[f"tokenizer.{key}"].contents()

    if stored("ggml.pre") != SPLITTING:
        raise ValueError(f"expected text split as {SPLITTING!r}, got {stored('ggml.pre')!r}")
    tokens, kinds = stored("ggml.tokens"), stored("ggml.token_type")
    merges = [tuple(merge.split(" ")) for merge in stored("ggml.merges")]
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    special = [token for token, kind in zip(tokens, kinds, strict=True) if kind == SPECIAL]
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in special])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=tokens[stored("ggml.bos_token_id")],
        eos_token=tokens[stored("ggml.eos_token_id")],
        unk_token=tokens[stored("ggml.unknown_token_id")],
        pad_token=tokens[stored("ggml.padding_token_id")],
        chat_template=stored("chat_template"),
        clean_up_tokenization_spaces=False,
    )


def main() -> int:
    """Make the folder ready from a shell; returns the exit status."""
    try:
        print(folder())
    except AssetError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
