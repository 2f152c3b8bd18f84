"""Each plausible wrong answer is caught, with the hint that belongs to it. The models are tiny."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from torch.nn import functional as F
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from wrong_answers import assert_caught, assert_passed

from unrolled import corpus
from unrolled.borrowed import Borrowed
from unrolled.check import shakespeare as check
from unrolled.check.text_in_rows import packed
from unrolled.finetune import FinetuneConfig, adapt, finetune, save
from unrolled.pretrained import load_model, quiet

LEARNED = "".join(
    f"KING:\nThe {n}. line of all that the king has to say here.\n\n" for n in range(200)
)
GARBLED = "“Ay,” “no,” “ay.”".encode().decode("cp1252", "replace")
OTHER = "".join(f"FOOL:\nNuncle, the {n}. jest is as good as any of yours.\n\n" for n in range(200))


@pytest.mark.parametrize(
    ("texts", "held_out", "words"),
    [
        (LEARNED, OTHER, "a string is a list of letters"),
        ([LEARNED, OTHER], OTHER, "split by whole works"),
        ([LEARNED.replace(" of ", " of\n")], LEARNED, "split by whole works"),  # broken otherwise
        ([LEARNED], OTHER + "A preface that the collection put before each book.\n" * 2, ""),
        (["emma.txt"], OTHER, "that is the name of a file"),
        ([Path("emma.txt")], OTHER, "expected texts, got"),
        ([LEARNED.encode()], OTHER, "decode them"),
        ([LEARNED + "\0"], OTHER, "a compressed file?"),
        ([LEARNED.replace("l", "\x1b")], OTHER, "a compressed file?"),
        ([GARBLED + LEARNED], OTHER, "another encoding"),
        ([LEARNED], OTHER[:500], "too little to measure on"),
        (["KING:\nAy.\n"], OTHER, "too little to measure on"),
        ([LEARNED, " \n"], OTHER, "got an empty one"),
        ([], OTHER, "a list of texts"),
        ([LEARNED], [OTHER], "to be one text"),
    ],
)  # fmt: skip
def test_choose(texts, held_out, words) -> None:
    if not words:  # a preface in both
        texts, words = [texts[0] + held_out[-120:]], "cut off what the collection added"
    assert_caught(check.choose(texts, held_out), words)


def test_a_play_passes() -> None:
    plays = {play.title: play.text for play in corpus.load().plays}
    held_out = plays.pop("Twelfth Night")
    assert_passed(check.choose, list(plays.values())[:9], held_out)


def test_a_text_in_other_letters_and_with_other_blanks_passes() -> None:
    assert_passed(
        check.choose,
        ["Он сказал\u00a0: «\u00a0Être ou ne pas être — façade, größer\u00a0».\n" * 90],
        OTHER,
    )


def by_windows(texts, end, length):
    """Packing by `unfold`, an independent way."""
    row = torch.tensor([i for text in texts for i in [end, *text]])
    rest = -(len(row) - 1) % (length - 1)
    ids = F.pad(row, (0, rest), value=end).unfold(0, length, length - 1)
    return ids, F.pad(row, (0, rest), value=-100).unfold(0, length, length - 1)


def test_pack_passes_as_tensors_and_as_lists() -> None:
    assert_passed(check.pack, by_windows)
    assert_passed(check.pack, lambda *a: [part.tolist() for part in by_windows(*a)])


def without_first(answer):
    def changed(*inputs):
        ids, labels = answer(*inputs)
        return ids, torch.cat([torch.full_like(labels[:, :1], -100), labels[:, 1:]], 1)

    return changed


def test_pack_the_first_label_of_a_row_is_free_as_nothing_predicts_it() -> None:
    assert_passed(check.pack, without_first(by_windows))
    scored = without_first(lambda *a: packed(*a, "scored"))
    assert_caught(check.pack(scored), "what the last row was filled up with is scored")


def the_chapter_s(texts, end, length):
    row = torch.tensor([i for text in texts for i in [end, *text]])
    ids = row[: len(row) // length * length].view(-1, length)
    return ids, ids


def labels_by(change: Callable) -> Callable:
    def answer(texts, end, length):
        ids, labels = by_windows(texts, end, length)
        return ids, change(ids, labels, end)

    return answer


def not_before(texts, end, length):
    ends = [[*texts[0], end], *[[*text, end] for text in texts[1:]]]
    row = [i for text in ends for i in text]
    ids, labels = by_windows([row[1:]], row[0], length)
    return torch.where(labels == -100, end, ids), labels


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (the_chapter_s, "these are the chapters' blocks"),
        (lambda *a: packed(*a, "no overlap"), "begin with the last token of the row before"),
        (lambda *a: packed(*a, "dropped"), "what fills no whole row was dropped"),
        (not_before, "stands after each text"),
        (
            lambda t, e, n: by_windows([[i for text in t for i in text]], e, n),
            "before the first text only",
        ),
        (lambda *a: packed(*a, "no end"), "no `end` stands between"),
        (lambda *a: packed(*a, "apart"), "got rows of its own"),
        (lambda *a: packed(*a, "empty row"), "the last row scores nothing"),
        (lambda *a: (by_windows(*a)[1],) * 2, "it names no token"),
        (lambda *a: (by_windows(*a)[0],) * 2, "was filled up with is scored"),
        (labels_by(lambda ids, _, end: ids.masked_fill(ids == end, -100)), "went by the id"),
        (labels_by(lambda _, x, end: F.pad(x[:, 1:], (0, 1), value=-100)), "shifts them itself"),
        (lambda *a: by_windows(*a)[0], "expected a pair"),
    ],
)
def test_pack(answer, words) -> None:
    assert_caught(check.pack(answer), words)


@torch.no_grad()
def measured(model, ids, labels, characters, slip="", rows=8):
    """Bits per character from log-softmax, one row after the other unless told otherwise."""
    if slip != "dropout":
        model.eval()
    total, means, count = 0.0, [], 0
    for part, goals in zip(ids.split(rows), labels.split(rows), strict=True):
        shift = {"unshifted": 0, "twice": 2}.get(slip, 1)
        logits = model(part).logits.double()[:, : goals.shape[1] - shift]
        goals = goals[:, shift:]
        each = -logits.log_softmax(-1).gather(2, goals.clamp(min=0)[..., None])[..., 0]
        real = goals != -100
        total += (each * (real if slip != "padding" else 1)).sum().item()
        means.append((each * real).sum().item() / real.sum().item())
        count += real.sum().item()
    if slip == "means":
        return sum(means) / len(means) * count / characters / math.log(2)
    if slip == "tokens":
        return total / count / math.log(2)
    if slip == "places":
        return total / count * labels[:, 1:].numel() / characters / math.log(2)
    if slip == "all":
        return total / count * (labels != -100).sum().item() / characters / math.log(2)
    return total / characters / (1 if slip == "nats" else math.log(2))


@pytest.mark.parametrize(
    ("slip", "words"),
    [
        ("means", "the mean of the batches' means"),
        ("nats", "these are nats"),
        ("tokens", "divide by the characters"),
        ("places", "by all places"),
        ("all", "each row scores one less"),
        ("unshifted", "it must predict the next one"),
        ("twice", "shifted twice"),
        ("dropout", "dropout is on"),
        ("padding", "expected the bits per character to be"),
    ],
)
def test_bits_per_character(slip, words) -> None:
    assert_caught(check.bits_per_character(lambda *a: measured(*a, slip)), words)


def test_all_rows_at_once_are_too_many() -> None:
    assert_caught(check.bits_per_character(lambda *a: measured(*a, rows=99)), "at most 8 rows")


@pytest.mark.parametrize("rows", [1, 3, 8])
def test_bits_per_character_passes(rows) -> None:
    assert_passed(check.bits_per_character, lambda *a: measured(*a, rows=rows))


def byte_tokenizer() -> PreTrainedTokenizerFast:
    """One token a byte."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE({letter: i for i, letter in enumerate(letters)}, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(["<|endoftext|>"])
    return PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<|endoftext|>")


def tiny_model(**changes) -> LlamaForCausalLM:
    sizes = {
        "vocab_size": 257, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
        "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 256,
        "tie_word_embeddings": True, "bos_token_id": 256, "eos_token_id": 256,
        "pad_token_id": None, "initializer_range": 0.2,
    }  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return LlamaForCausalLM(LlamaConfig(**sizes | changes))


def write(place: Path, model=None, tokenizer=None) -> Path:
    with quiet():
        if model is not None:
            model.save_pretrained(place)
        if tokenizer is not None:
            tokenizer.save_pretrained(place)
    return place


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model as it came."""
    return write(tmp_path_factory.mktemp("base") / "model", tiny_model(), byte_tokenizer())


def blocks(tokenizer: PreTrainedTokenizerFast) -> torch.Tensor:
    return packed([tokenizer.encode(LEARNED)], 256, 64)[0]


@pytest.fixture(scope="module")
def trained(base: Path, tmp_path_factory: pytest.TempPathFactory):
    """The model with its adapters, trained for some steps."""
    config = FinetuneConfig(
        steps=30, batch_size=8, learning_rate=4e-3, targets="all-linear", rank=4, warmup_steps=2
    )
    model = adapt(load_model(base), config)
    for _ in finetune(model, blocks(byte_tokenizer()), config):
        pass
    return model


@pytest.fixture(scope="module")
def place(base: Path, trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a reader would give in."""
    folder = tmp_path_factory.mktemp("tuned") / "model"
    save(trained, byte_tokenizer(), folder, base)
    return folder


def test_a_merged_model_passes(base, place) -> None:
    assert_passed(check.finetuned, str(base), place)


def changed(base: Path, how: Callable[[str, torch.Tensor], torch.Tensor]) -> LlamaForCausalLM:
    model = load_model(base)
    for name, weight in model.named_parameters():
        weight.data = how(name, weight.data)
    return model


def spoiled(name, weight):
    return weight * (float("nan") if "layers.1.mlp.up" in name else 1.01)


def renamed(model) -> dict[str, torch.Tensor]:
    return {f"base_model.model.{k}": v.clone() for k, v in model.state_dict().items()}


def saved_wrong(how: str, base: Path, trained, folder: Path) -> Path:
    """The folder that a plausible mistake leaves behind."""
    good, tokens = load_model(base), byte_tokenizer()
    if how == "adapter":
        return write(folder, trained, tokens)
    if how == "as it came":
        return write(folder, good, tokens)
    if how == "rounded":
        return write(folder, good.to(torch.bfloat16), tokens)
    if how == "nan":
        return write(folder, changed(base, spoiled), tokens)
    if how == "new":
        return write(folder, changed(base, lambda _, w: torch.randn_like(w)), tokens)
    if how == "no tokenizer":
        return write(folder, changed(base, lambda _, w: w * 1.01))
    if how == "other tokenizer":
        other = PreTrainedTokenizerFast(
            tokenizer_object=Tokenizer(models.BPE({"a": 0, "?": 1}, [], unk_token="?"))
        )
        return write(folder, changed(base, lambda _, w: w * 1.01), other)
    if how == "other sizes":
        return write(folder, tiny_model(num_hidden_layers=1), tokens)
    write(folder, good, tokens)
    if how == "adapter beside":
        from safetensors.torch import save_file

        save_file(renamed(good), folder / "model.safetensors")
    if how == "pickle":
        (folder / "model.safetensors").unlink()
        torch.save(good.state_dict(), folder / "pytorch_model.bin")
    if how == "weights alone":
        (folder / "config.json").unlink()
    if how == "broken":
        (folder / "model.safetensors").write_bytes(b"no weights")
    if how == "nothing":
        shutil.rmtree(folder)
    return folder


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("nothing", "there is no such folder"),
        ("adapter", "only an adapter is there"),
        ("adapter beside", "save what it returns"),
        ("as it came", "the old model was saved"),
        ("rounded", "the old model was saved"),
        ("no tokenizer", "nobody knows what the ids mean"),
        ("other tokenizer", "another tokenizer's ids"),
        ("pickle", "a pickle file is a program"),
        ("weights alone", "config.json is missing"),
        ("nan", "a rate too high"),
        ("new", "little of the pretrained model is left"),
        ("other sizes", "is it the same model?"),
    ],
)
def test_finetuned(how, words, base, trained, tmp_path) -> None:
    folder = saved_wrong(how, base, trained, tmp_path / "my-model")
    assert_caught(check.finetuned(str(base), folder), words)


def test_a_damaged_file_is_said_in_a_line(base, trained, tmp_path) -> None:
    folder = saved_wrong("broken", base, trained, tmp_path / "my-model")
    result = check.finetuned(str(base), folder)
    assert result.state == "wrong"
    assert "\n" not in result.problem


def test_a_model_instead_of_a_folder(base) -> None:
    assert_caught(check.finetuned(str(base), load_model(base)), "expected the name of a folder")


HELD_OUT = LEARNED.replace("king", "queen").replace("line", "word")


@pytest.fixture(scope="module")
def figures(base, place) -> tuple[float, float]:
    """The two measurements, by the book's own loop; rows as in the task."""
    rows = packed([byte_tokenizer().encode(HELD_OUT[:4000])], 256, 128)
    return tuple(measured(load_model(where), *rows, 4000) for where in (base, place))


def test_better_passes(base, place, figures) -> None:
    assert_passed(check.better, str(base), place, HELD_OUT, *figures)


def test_the_measure_agrees_with_the_book_s_yardstick(base, figures) -> None:
    """In one row long enough for all, the figure is that of `Borrowed`."""
    text = HELD_OUT[:200]
    model, tokenizer = load_model(base), byte_tokenizer()
    rows = packed([tokenizer.encode(text)], 256, 201)
    own = measured(model, *rows, len(text))
    assert own == pytest.approx(Borrowed(model, tokenizer).bits_per_character(text), rel=1e-4)


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        (lambda b, a: (b * math.log(2), a * math.log(2)), "these are nats"),
        (lambda b, a: (a, b), "`before`: "),
        (lambda b, a: (b, b), "was the right model measured?"),
        (lambda b, a: (b, 0.8 * a), "in rows of 128 tokens"),
        (lambda b, a: (b, "less"), "expected one number"),
    ],
)
def test_better(stated, words, base, place, figures) -> None:
    assert_caught(check.better(str(base), place, HELD_OUT, *stated(*figures)), words)


def test_worse_or_the_same_is_not_better(base, place, figures) -> None:
    before, after = figures
    assert_caught(check.better(str(place), base, HELD_OUT, after, before), "a rate too high")
    same = check.better(str(base), base, HELD_OUT, before, before)
    assert_caught(same, "nearly nothing was learned")


def test_a_folder_that_is_not_there(base, tmp_path) -> None:
    assert_caught(check.better(str(base), tmp_path / "none", HELD_OUT, 1, 1), "task 4 comes first")


def brute(sample, source):
    """All pairs of places, word by word."""
    best = 0
    for i in range(len(sample)):
        for j in range(len(source)):
            n = slips = 0
            while i + n < len(sample) and j + n < len(source):
                slips += sample[i + n] != source[j + n]
                if slips > 1:
                    break
                n += 1
            best = max(best, n)
    return best


def exact(sample, source):
    return SequenceMatcher(None, sample, source, False).find_longest_match().size


def restarting(sample, source):
    """Forgets everything at the second change."""
    best = 0
    for shift in range(1 - len(sample), len(source)):
        run = changes = 0
        for i, word in enumerate(sample):
            if not 0 <= i + shift < len(source):
                continue
            changes += word != source[i + shift]
            run, changes = (run + 1, changes) if changes < 2 else (0, 0)
            best = max(best, run)
    return best


def from_the_start(sample, source):
    """Compares the two only as they lie side by side."""
    differs = [a != b for a, b in zip(sample, source, strict=False)]
    stretches = [(i, j) for j in range(len(differs) + 1) for i in range(j + 1)]
    return max(j - i for i, j in stretches if sum(differs[i:j]) <= 1)


def twice(sample, source):
    best = 0
    for shift in range(1 - len(sample), len(source)):
        pairs = [
            int(word != source[i + shift])
            for i, word in enumerate(sample)
            if 0 <= i + shift < len(source)
        ]
        ends = [-1, *np.flatnonzero(pairs), len(pairs)]
        best = max(
            [best, *(b - a - 1 for a, b in zip(ends, ends[3:] or [len(pairs)], strict=False))]
        )
    return best


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (exact, "a changed word is not forgiven"),
        (twice, "two changed words are forgiven"),
        (restarting, "go on from behind the first"),
        (lambda a, b: brute(a, b) - 1, "the changed word counts, too"),
        (lambda a, b: len(set(a) & set(b)), "in any order"),
        (from_the_start, "only one place of the source"),
        (lambda a, b: len(" ".join(a)), "these are characters"),
    ],
)
def test_near_copy(answer, words) -> None:
    assert_caught(check.near_copy(answer), words)


def ends_alike(sample, source, first=False):
    """Brute force over stretches whose last (or first) word must be the same."""
    best, place = 0, 0 if first else -1
    for i in range(len(sample)):
        for j in range(len(source)):
            for n in range(1, min(len(sample) - i, len(source) - j) + 1):
                a, b = sample[i : i + n], source[j : j + n]
                slips = sum(x != y for x, y in zip(a, b, strict=True))
                if slips > 1:
                    break
                best = max(best, n if a[place] == b[place] else 0)
    return best


@pytest.mark.parametrize("first", [False, True])
def test_near_copy_may_end_or_begin_with_the_replaced_word(first) -> None:
    result = check.near_copy(lambda a, b: ends_alike(a, b, first))
    assert_caught(result, "may begin or end with the replaced word")


def test_the_example_of_the_page() -> None:
    sample, source = check.HEARD.split(), check.BALCONY.split()
    assert check.longest_near(sample, source) == brute(sample, source) == 5


def test_near_copy_passes() -> None:
    assert_passed(check.near_copy, brute)
