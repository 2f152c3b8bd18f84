"""The ids of the seed's synthesis questions, and the page each of them stands on.

Readers' saved answers hang on these ids: one is never renamed, moved or used again.
"""

SEED_QUESTIONS: dict[str, str] = {
    "emb-what": "embeddings",
    "emb-5gram-map": "embeddings",
    "emb-5gram-map-a": "embeddings",
    "emb-be-the-embedder": "embeddings",
    "emb-difference-vector": "embeddings",
    "emb-transfer": "embeddings",
    "rnn-predicts": "rnn",
    "rnn-memory": "rnn",
    "rnn-how-are-you": "rnn",
    "rnn-how-are-you-a": "rnn",
    "rnn-how-are-you-b": "rnn",
    "rnn-initial": "rnn",
    "rnn-end-token": "rnn",
    "bptt-weights": "bptt",
    "bptt-limits": "bptt",
    "bptt-limits-a": "bptt",
    "bptt-truncated": "bptt",
    "gpt-long-range": "attention",
    "gpt-probabilities": "gpt",
    "gpt-token": "tokens",
    "gpt-blocks": "gpt",
    "gpt-decoder-block": "gpt",
    "gpt-masked-attention": "attention",
    "gpt-masked-attention-a": "attention",
    "gpt-qkv": "attention",
    "gpt-scores": "attention",
    "gpt-weighted-values": "attention",
    "gpt-multi-head": "attention",
}
