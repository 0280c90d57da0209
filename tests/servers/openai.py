"""An OpenAI-compatible server with a real model: /v1/completions with echo and logprobs, /v1/chat/completions, and faults."""

import json
import socket
import struct
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

KEY = "sk-of-a-test"
MODEL = "tiny"
FINGERPRINT = "fp_tiny"


@dataclass
class Served:
    """What the server does, and what it was asked."""

    url: str = ""
    key: str = KEY  # the one that is good; '' lets everybody in
    model: str = MODEL
    faults: list[str] = field(default_factory=list[str])  # of the next requests: 429, 429 SECONDS, 500, cut, slow, no logprobs
    asked: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    after: Callable[[int], None] = lambda _: None  # told how many were answered
    says: Callable[[str], str] | None = None  # instead of the model, in a chat
    lock: threading.Lock = field(default_factory=threading.Lock)
    slow: threading.Event = field(default_factory=threading.Event)  # set, when those that are held may go

    @property
    def texts(self) -> str:
        """All that was sent."""
        return json.dumps(self.asked, ensure_ascii=False)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    served: Served
    loaded: "tuple[PreTrainedModel, PreTrainedTokenizerFast]"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.served.lock:
            self.served.asked.append({"path": self.path, **body})
            fault = self.served.faults.pop(0) if self.served.faults else ""
        if self.served.key and self.headers["Authorization"] != f"Bearer {self.served.key}":
            return self._answer(401, {"error": {"message": f"Incorrect API key: {self.headers['Authorization']}"}})
        if body["model"] != self.served.model:
            return self._answer(404, {"error": {"message": "no such model"}})
        if fault == "cut":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # RST, not FIN
            self.connection.close()
            self.close_connection = True
            return None
        if fault == "slow":
            self.served.slow.wait(60)
            self.close_connection = True
            return None
        if fault[:3] in ("429", "500"):
            return self._answer(int(fault[:3]), {"error": {"message": "again"}}, {"Retry-After": fault[4:]} if fault[4:] else {})
        with self.served.lock:
            found = self._completion(body, fault) if self.path == "/v1/completions" else self._chat(body)
        return self._answer(200, {"model": f"{MODEL}-2026", "system_fingerprint": FINGERPRINT, **found})

    def _completion(self, body: dict[str, Any], fault: str) -> dict[str, Any]:
        import torch

        model, tokenizer = self.loaded
        assert body["echo"]
        tokens = tokenizer(body["prompt"])["input_ids"]
        with torch.inference_mode():
            logits = model(torch.tensor([tokens])).logits[0].float()
        shares = torch.log_softmax(logits, dim=-1)
        written = int(shares[-1].argmax())
        following = [*tokens[1:], written]
        logprobs = [None, *(float(shares[place, token]) for place, token in enumerate(following))]
        found = {} if fault == "no logprobs" else {"logprobs": {"token_logprobs": logprobs, "tokens": []}}
        return {
            "choices": [{"index": 0, "text": body["prompt"], **found}],
            "usage": {"prompt_tokens": len(tokens), "completion_tokens": body["max_tokens"]},
        }

    def _chat(self, body: dict[str, Any]) -> dict[str, Any]:
        """The letter that the model finds most probable, among those that the question has."""
        import torch

        model, tokenizer = self.loaded
        question = body["messages"][0]["content"]
        tokens = tokenizer(question)["input_ids"][-model.config.max_position_embeddings :]
        letters = [line[0] for line in question.splitlines() if line[1:3] == ". "]
        with torch.inference_mode():
            last = model(torch.tensor([tokens])).logits[0, -1]
        best = max(letters, key=lambda letter: float(last[tokenizer(letter)["input_ids"][0]]))
        said = self.served.says(question) if self.served.says else best
        usage = {"prompt_tokens": len(tokens), "completion_tokens": 1}
        return {"choices": [{"index": 0, "message": {"role": "assistant", "content": said}}], "usage": usage}

    def _answer(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        self.served.after(len(self.served.asked))

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def openai_server(model_folder: Path) -> Generator[Served]:
    """One that runs, on this machine, with the model of a folder."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    loaded = AutoModelForCausalLM.from_pretrained(model_folder).eval(), AutoTokenizer.from_pretrained(model_folder)
    served = Served()
    handler = type("Handler", (_Handler,), {"served": served, "loaded": loaded})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    served.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        served.slow.set()
        server.shutdown()
        server.server_close()
        thread.join()
