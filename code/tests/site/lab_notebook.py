"""A notebook with every interactive of the book, built from small things: one cell for each."""

from __future__ import annotations

import importlib
import pkgutil

import nbformat

import unrolled.widgets
from unrolled.widgets.interactive import Interactive

BEGIN = """
import numpy as np
import torch
from unrolled.corpus import CharacterVocabulary, WordVocabulary
from unrolled.rnn import RecurrentModel
from unrolled.vectors import WordVectors

torch.manual_seed(0)
torch.set_num_threads(1)
PLAY = "ROMEO:\\nBut soft, what light?\\n\\nJULIET:\\nAy me!\\n" * 3
LETTERS = CharacterVocabulary.from_text(PLAY)
WORDS = WordVocabulary.from_text("how are you ? i am well , how are we .")
NAMES = ("king queen man woman button click pain hurt water bottle hot cold uncle aunt actor"
         " actress brother sister doctor nurse table music germany football computer"
         " tuesday").split()
VECTORS = WordVectors(NAMES, np.random.default_rng(0).normal(size=(len(NAMES), 8)).astype("f4"))
PAIRS = [("man", "woman"), ("king", "queen"), ("uncle", "aunt")]
CAPTION = "Try it."
"""
CELLS = {
    "you-are-the-language-model": """
from unrolled.ngram import NGram
from unrolled.widgets.you_are_the_language_model import Stretch, YouAreTheLanguageModel
YouAreTheLanguageModel(NGram.fit(PLAY, LETTERS, 3), PLAY, [Stretch("One", 8, 12)], caption=CAPTION)
""",
    "vector-explorer": """
from unrolled.widgets.vector_explorer import VectorExplorer
VectorExplorer(VECTORS, caption=CAPTION)
""",
    "difference-vector": """
from unrolled.widgets.difference_vector import DifferenceVector
DifferenceVector(VECTORS, PAIRS, caption=CAPTION)
""",
    "be-the-embedder": """
from unrolled.widgets.be_the_embedder import BeTheEmbedder
BeTheEmbedder(VECTORS, caption=CAPTION)
""",
    "validity-scorer": """
from unrolled.embeddings import ValidityNetwork
from unrolled.widgets.validity_scorer import ValidityScorer
ValidityScorer(ValidityNetwork(len(WORDS), 4, 4), WORDS, ["how are you , well"], caption=CAPTION)
""",
    "unroll-it": """
from unrolled.widgets.unroll_it import UnrollIt
UnrollIt(RecurrentModel(len(WORDS), 4, 6), WORDS, caption=CAPTION)
""",
    "neuron-watch": """
from unrolled.widgets.neuron_watch import NeuronWatch
NeuronWatch(RecurrentModel(len(LETTERS), 4, 6), LETTERS, PLAY, caption=CAPTION)
""",
    "memory-span": """
from unrolled.widgets.memory_span import MemorySpan
MODELS = {kind: RecurrentModel(len(LETTERS), 4, 6, kind) for kind in ("vanilla", "lstm")}
MemorySpan(MODELS, LETTERS, PLAY, caption=CAPTION)
""",
    "tokenizer-playground": """
from unrolled.bpe import BytePairTokenizer
from unrolled.widgets.tokenizer_playground import TokenizerPlayground
TokenizerPlayground(BytePairTokenizer.train(PLAY, 12), text="But soft", caption=CAPTION)
""",
    "the-tape": """
from unrolled.widgets.the_tape import TheTape
TheTape(caption=CAPTION)
""",
    "gradient-detective": """
from unrolled.widgets.gradient_detective import Case, GradientDetective
GradientDetective([Case("A", {"norm": [1, 0.1, 0.01]}, "steps back", "norm", "vanishing",
                        "Each step leaves a tenth.", powers=True)], caption=CAPTION)
""",
    "train-one-here": """
from unrolled.widgets.train_one_here import TrainOneHere
TrainOneHere(["ab", "ba"], hidden=4, steps=40, caption=CAPTION)
""",
    "write-with-me": """
from unrolled.gpt import GPT, GPTConfig
from unrolled.widgets.write_with_me import WriteWithMe
SMALL_GPT = GPT(GPTConfig(len(LETTERS), 32, 2, 2, 8))
WriteWithMe(SMALL_GPT, LETTERS, count=20, caption=CAPTION)
""",
    "what-is-it-looking-at": """
from unrolled.widgets.what_is_it_looking_at import WhatIsItLookingAt
WhatIsItLookingAt(SMALL_GPT, LETTERS, "But soft", caption=CAPTION)
""",
    "one-head-by-hand": """
from unrolled.widgets.one_head_by_hand import OneHeadByHand
COMPASS = [(3, 0), (0, 3), (-3, 0), (0, -3)]
OneHeadByHand("abcd", COMPASS, COMPASS, caption=CAPTION)
""",
    "mask-it": """
from unrolled.widgets.mask_it import MaskIt
MaskIt(["He", "was"], np.eye(2), np.eye(2), np.eye(2), caption=CAPTION)
""",
    "padding-bench": """
from unrolled.pretrained import load_tokenizer
from unrolled.widgets.padding_bench import PaddingBench
PaddingBench(load_tokenizer(), ["How are you?", "Well"], caption=CAPTION,
             outputs={way: [" I", " met"] for way in ("alone", "left", "right")})
""",
    "shape-stepper": """
from unrolled.widgets.shape_stepper import ShapeStepper
ShapeStepper(caption=CAPTION)
""",
    "the-race": """
from unrolled.widgets.the_race import Lane, Mark, TheRace
SLOW = Lane("Slow", 9, [Mark(10, 5.0, 3.0, 1e6, 100, "ab"), Mark(20, 10.0, 2.0, 2e6, 200, "abc")])
QUICK = Lane("Quick", 9, [Mark(5, 1.0, 1.9, 1e5, 150, "abd")])
TheRace([SLOW, QUICK], 2.0, "a", caption=CAPTION)
""",
    "the-dial": """
from unrolled.memorization import Source
from unrolled.widgets.the_dial import Checkpoint, Run, TheDial
WAY = [Checkpoint(0, 2.0, 1.8, " was there?"), Checkpoint(4, 1.5, 1.7, " may be"),
       Checkpoint(8, 0.2, 2.5, "?\\n\\nJULIET:\\nAy me!\\n")]
TheDial([Run("one scene", "Eight steps.", WAY)], Source(PLAY), prompt="But soft, what light",
        by_chance=5, by_chance_of="by chance", marked_from=8, caption=CAPTION)
""",
}


def lab_notebook() -> nbformat.NotebookNode:
    """Return the notebook; cell n + 1 shows the n-th of `CELLS`."""
    cells = [nbformat.v4.new_code_cell(text.strip()) for text in (BEGIN, *CELLS.values())]
    for cell in cells:
        cell.metadata["tags"] = ["raises-exception"]  # one that fails does not stop the rest
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    return notebook


def every_interactive() -> set[str]:
    """Return the names of all interactives that the package has."""
    for module in pkgutil.iter_modules(unrolled.widgets.__path__, "unrolled.widgets."):
        importlib.import_module(module.name)
    found, waiting = set(), [Interactive]
    while waiting:
        for child in waiting.pop().__subclasses__():
            waiting.append(child)
            if child.__module__.startswith("unrolled.") and "widget_name" in vars(child):
                found.add(child.widget_name)
    return found
