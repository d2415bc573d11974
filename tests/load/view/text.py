"""What a model writes in the measurements of the view, and how it comes to the browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final, cast

from conduit_widget.kernel.comm_batcher import CallLater, CommBatcher

TOKEN: Final = re.compile(r"\s?\w+|\s+|[^\w\s]+")
PART: Final = r"""## Part {n}: a step that must not grow

The **residual** of step {n} is `r = b - A @ x`, and [the method](https://example.com/cg/{n}) halves it while
the spectrum stays *bounded*: for every $k \ge {n}$ it holds that
$\lVert r_k \rVert_2 \le \kappa^{{-k}} \lVert r_0 \rVert_2$.

1. Take the gradient, and look at its sign.
2. Scale by $\alpha = \frac{{r^\top r}}{{p^\top A p}}$.
   - never more than `limit`
   - never less than zero
3. Go on, or stop at {n}.

| step | residual | time (ms) | note |
|-----:|---------:|----------:|:-----|
| {n} | 1e-{n} | 12.5 | **first** |
| {n}0 | 2e-{n} | 13.1 | `warm` |
| {n}00 | 4e-{n} | 12.9 | $\approx r_k$ |

$$
\int_0^{{{n}}} e^{{-x^2}}\,dx = \sum_{{k=0}}^{{\infty}} \frac{{(-1)^k {n}^{{2k+1}}}}{{k!\,(2k+1)}}
$$

```python
def step_{n}(matrix, vector, limit={n}):
    # A comment, and a call that is long enough to be read.
    residual = vector - matrix @ solve(matrix, vector, tolerance=1e-{n})
    for index, value in enumerate(residual):
        if abs(value) > limit:
            raise ValueError(f"step {{index}} is {{value:.3f}}, more than {{limit}}")
    return {{"residual": float(norm(residual)), "step": {n}}}
```

> A remark: what is measured here is what a person sees, not what a program counts.

"""


def long_answer(tokens: int) -> list[str]:
    """Return an answer with code, tables and formulas, as the pieces in which a model writes it."""
    pieces: list[str] = []
    part = 0
    while len(pieces) < tokens:
        part += 1
        pieces += TOKEN.findall(PART.format(n=part))
    return pieces[:tokens]


Sent = list[tuple[float, dict[str, Any]]]


class _Clock:
    """A ``call_later`` whose time is that of the recording."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, Callable[[], None]]] = []

    def call_later(self, delay: float, function: Callable[[], None]) -> Callable[[], None]:
        self._due.append((self.now + delay, function))
        return function

    def until(self, moment: float) -> None:
        while self._due and min(self._due, key=lambda due: due[0])[0] <= moment:
            first = min(self._due, key=lambda due: due[0])
            self._due.remove(first)
            self.now = first[0]
            first[1]()
        self.now = moment


class _Comm:
    def __init__(self, clock: _Clock) -> None:
        self.sent: Sent = []
        self._clock = clock

    def send(self, data: dict[str, Any], *, buffers: list[bytes] | None = None) -> None:
        assert not buffers
        # The ops are the batcher's own and grow later.
        self.sent.append((self._clock.now * 1000, json.loads(json.dumps(data))))


def comm_messages(pieces: list[str], rate: float, answers: list[str]) -> tuple[Sent, Sent]:
    """Return what the kernel's batcher sends: (ms since the start, data of the comm message).

    Every answer gets all ``pieces``, ``rate`` of them a second. The second list has what is sent when the
    answers have ended: each whole.
    """
    clock = _Clock()
    comm = _Comm(clock)
    channel = CommBatcher(cast("CallLater", clock.call_later), now=lambda: clock.now).open(comm, dict)
    offset = 0
    for number, piece in enumerate(pieces):
        clock.until(number / rate)
        for answer in answers:
            channel.push({"op": "token", "id": answer, "offset": offset, "text": piece})
        offset += len(piece)
    clock.until(clock.now + 1)
    written = len(comm.sent)
    for number, answer in enumerate(answers):
        metadata = {"status": "complete", "seq": number + 1}
        message = {"id": answer, "role": "assistant", "content": "".join(pieces), "metadata": metadata}
        channel.push({"op": "message", "message": message})
    clock.until(clock.now + 1)
    return comm.sent[:written], comm.sent[written:]
