"""The tests' base model: a small Llama with a tokenizer of its own, pretrained from nothing on samples/base_text.

It is a program of its own (`python -m latamgpt.training.tiny_model JOB`): its arithmetic has to be pinned before torch starts.
"""
# B batch  T tokens

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from latamgpt.errors import OperatorError
from latamgpt.launch.local import errors_for_parent
from latamgpt.params import TinyModelParams
from latamgpt.progress import follow
from latamgpt.records import Curve, Frozen
from latamgpt.store import write_json
from latamgpt.training.kernels import make_deterministic
from latamgpt.training.schedule import learning_rate
from latamgpt.training.weights import save_model

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

END_OF_TEXT = "<|endoftext|>"
WARMUP_SHARE = 0.1
FINAL_SHARE = 0.1
OUTCOME_NAME = "outcome.json"


class TinyJob(Frozen):
    """What the program is asked to do."""

    texts: str  # folder with .txt files
    output: str  # folder to fill
    threads: int
    tiny: TinyModelParams


class TinyOutcome(Frozen):
    """What it did."""

    num_documents: int
    num_tokens: int  # in the texts, once
    loss: Curve


def pretrain(job: TinyJob) -> TinyOutcome:
    """Train tokenizer and model, and save both as transformers keeps them."""
    make_deterministic(job.threads, job.tiny.seed)
    texts = read_texts(Path(job.texts))
    tokenizer = train_tokenizer(texts, job.tiny.vocab_size)
    tokens = encode(tokenizer, texts)
    if len(tokens) <= job.tiny.seq_len_tokens:
        raise OperatorError(
            f"{job.texts} holds {len(tokens):,} tokens, fewer than one sequence of {job.tiny.seq_len_tokens}. The small base "
            "model cannot learn from so little. Rebuild the samples, or restore the folder with `git checkout`."
        )
    model = make_model(job.tiny, end_of_text(tokenizer))
    losses = train(model, tokens, job.tiny)
    save_model(Path(job.output), model, model.state_dict(), "float32")
    tokenizer.save_pretrained(job.output)
    per_step = job.tiny.batch_sequences * job.tiny.seq_len_tokens
    seen = tuple(float(per_step * (step + 1)) for step in range(len(losses)))
    return TinyOutcome(
        num_documents=len(texts),
        num_tokens=len(tokens),
        loss=Curve(name="train/loss", x_label="tokens", y_label="nats per token", x=seen, y=tuple(losses)),
    )


def read_texts(folder: Path) -> list[str]:
    """All texts of the folder, by name."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("**/*.txt"))]
    if not texts:
        raise OperatorError(
            f"{folder} holds no .txt file. The small base model of the tests is pretrained on it. Rebuild the samples, or "
            "restore the folder with `git checkout`."
        )
    return texts


def train_tokenizer(texts: list[str], vocab_size: int) -> "PreTrainedTokenizerFast":
    """A byte-level BPE: knows every byte, so that no text has an unknown token."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=END_OF_TEXT, eos_token=END_OF_TEXT)


def encode(tokenizer: "PreTrainedTokenizerFast", texts: list[str]) -> "Tensor":
    """All texts as one row of tokens, each text closed by the end-of-text token."""
    import torch

    ids: list[int] = []
    for text in texts:
        ids += [*tokenizer.encode(text, add_special_tokens=False), end_of_text(tokenizer)]
    return torch.tensor(ids)


def end_of_text(tokenizer: "PreTrainedTokenizerFast") -> int:
    """The token that closes every text."""
    return tokenizer.get_vocab()[END_OF_TEXT]


def make_model(tiny: TinyModelParams, end_of_text_id: int) -> "LlamaForCausalLM":
    """A Llama with fresh weights; input and output embeddings are one, as in SmolLM2."""
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=tiny.vocab_size,
        hidden_size=tiny.hidden_size,
        intermediate_size=tiny.hidden_size * 8 // 3 // 64 * 64,
        num_hidden_layers=tiny.num_layers,
        num_attention_heads=tiny.num_heads,
        num_key_value_heads=tiny.num_heads // 2,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        bos_token_id=end_of_text_id,
        eos_token_id=end_of_text_id,
        dtype="float32",
    )
    return LlamaForCausalLM(config)


def train(model: "LlamaForCausalLM", tokens: "Tensor", tiny: TinyModelParams) -> list[float]:
    """Plain pretraining on windows drawn at random; returns the loss of every step."""
    import torch

    draws = torch.Generator().manual_seed(tiny.seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=tiny.learning_rate, betas=(0.9, 0.95), weight_decay=0.01)
    offsets_T = torch.arange(tiny.seq_len_tokens)
    losses: list[float] = []
    model.train()
    with follow("base_model", "", "tokens", tiny.num_steps * tiny.batch_sequences * tiny.seq_len_tokens) as progress:
        for step in range(tiny.num_steps):
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(step, tiny.num_steps, tiny.learning_rate, WARMUP_SHARE, FINAL_SHARE)
            starts_B1 = torch.randint(len(tokens) - tiny.seq_len_tokens, (tiny.batch_sequences, 1), generator=draws)
            batch_BT = tokens[starts_B1 + offsets_T]
            loss = model(input_ids=batch_BT, labels=batch_BT).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())
            progress.advance(batch_BT.numel(), f"loss {losses[-1]:.3f}")
    return losses


def main() -> None:
    """Do the job that the first argument describes."""
    job = TinyJob.model_validate_json(sys.argv[1])
    with errors_for_parent():
        write_json(Path(job.output) / OUTCOME_NAME, pretrain(job))


if __name__ == "__main__":
    main()
