"""Skip-gram with negative sampling: pairs, subsampling, scores and training."""

import pytest
import torch
from torch.nn import functional as F

from unrolled import skipgram
from unrolled.embeddings import Noise, TrainingConfig
from unrolled.skipgram import SkipGram


def two_topics(n: int = 600, seed: int = 0) -> torch.Tensor:
    """Speeches of five words each, all from 2..6 or all from 7..11."""
    generator = torch.Generator().manual_seed(seed)
    topic = torch.randint(2, (n, 1), generator=generator)
    speech = 2 + 5 * topic + torch.randint(5, (n, 5), generator=generator)
    return torch.cat([speech, torch.zeros(n, 1, dtype=torch.int64)], dim=1).ravel()


def test_pairs_by_hand():
    ids = torch.tensor([2, 3, 1, 4, 0, 5])  # 1 is unknown, 0 the boundary
    found = sorted(map(tuple, skipgram.pairs(ids, radius=2).tolist()))
    assert found == [(2, 3), (3, 2), (3, 4), (4, 3)]


def test_pairs_agree_with_a_plain_loop():
    ids = two_topics(30)
    plain = [
        (int(ids[i]), int(ids[j]))
        for i in range(len(ids))
        for j in range(max(0, i - 3), min(len(ids), i + 4))
        if i != j and (ids[min(i, j) : max(i, j) + 1] > 1).all()
    ]
    assert sorted(map(tuple, skipgram.pairs(ids, 3).tolist())) == sorted(plain)


def test_subsample_keeps_what_the_formula_says():
    ids = torch.tensor([0] * 10_000 + [2] * 80_000 + [3] * 10_000)
    kept = skipgram.subsample(ids, threshold=0.2, generator=torch.Generator().manual_seed(0))
    counts = torch.bincount(kept)
    assert counts[0] == 10_000  # boundaries stay
    assert counts[3] == 10_000  # frequency .1 is below the threshold
    assert counts[2] / 80_000 == pytest.approx(0.5, abs=0.01)  # sqrt(.2 / .8)


def test_scores_are_dot_products():
    torch.manual_seed(0)
    model = SkipGram(vocab_size=5, dim=3)
    torch.nn.init.normal_(model.context.weight)
    centers, others = torch.tensor([1, 4]), torch.tensor([[0, 2], [3, 3]])
    logits = model(centers, others)
    for i in range(2):
        for k in range(2):
            by_hand = sum(
                a * b
                for a, b in zip(
                    model.embed.weight[centers[i]].tolist(),
                    model.context.weight[others[i, k]].tolist(),
                    strict=True,
                )
            )
            assert logits[i, k].item() == pytest.approx(by_hand, abs=1e-6)
    oracle = F.bilinear(
        model.embed.weight[[1]], model.context.weight[[2]], torch.eye(3)[None], None
    )
    assert logits[0, 1].item() == pytest.approx(oracle.item(), abs=1e-6)


def test_words_of_a_topic_meet():
    ids = two_topics()
    torch.manual_seed(0)
    model = SkipGram(vocab_size=12, dim=4)
    config = TrainingConfig(steps=300, batch_size=128, learning_rate=0.02, record_every=50)
    noise = Noise.from_ids(ids, vocab_size=12)
    history = list(skipgram.train_skipgram(model, skipgram.pairs(ids, 2), noise, config))
    assert history[0].nats < 0.7
    assert history[-1].nats < history[0].nats
    table = F.normalize(model.embed.weight.detach()[2:], dim=1)
    cosines = table @ table.T
    assert min(cosines[:5, :5].min(), cosines[5:, 5:].min()) > 0.9
    assert cosines[:5, 5:].max() < 0.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m(torch.tensor([1]), torch.tensor([1])), r"others \(B, K\)"),
        (lambda m: SkipGram(0, 3), "got 0 words, dim 3"),
        (lambda m: skipgram.pairs(torch.tensor([2, 3]), 0), "at least 1, got 0"),
        (lambda m: skipgram.subsample(torch.tensor([2]), 0, None), "above 0, got 0"),
        (
            lambda m: next(
                skipgram.train_skipgram(m, torch.zeros(2, 3), None, TrainingConfig(), 5)
            ),
            r"\(P, 2\), got \(2, 3\)",
        ),
        (
            lambda m: next(
                skipgram.train_skipgram(m, torch.zeros(2, 2), None, TrainingConfig(), 0)
            ),
            "at least 1 negative, got 0",
        ),
    ],
)
def test_bad_input_says_what_was_expected(call, message):
    with pytest.raises(ValueError, match=message):
        call(SkipGram(5, 3))
