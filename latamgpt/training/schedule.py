"""The learning rate of continued pretraining: re-warm to the peak, then re-decay by cosine.

After Ibrahim et al. 2024, 'Simple and Scalable Strategies to Continually Pre-train Large Language Models': a base that has been
decayed must be warmed again to learn, and decayed again to settle.
"""

import math


def learning_rate(step: int, num_steps: int, peak: float, warmup_share: float, final_share: float) -> float:
    """The learning rate of a step (0 is the first) out of `num_steps`: linear rise, then half a cosine down to a share of it."""
    num_warmup = round(num_steps * warmup_share)
    if step < num_warmup:
        return peak * (step + 1) / num_warmup
    progress = (step - num_warmup) / max(1, num_steps - 1 - num_warmup)
    return peak * (final_share + (1 - final_share) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))
