"""Labels and distributions, one number at a time."""
import math

import torch


def slow_sinkhorn(scores, eps=0.05, num_iters=3):
    num, k = len(scores), len(scores[0])
    top = max(max(row) for row in scores)
    q = [[math.exp((s - top) / eps) for s in row] for row in scores]
    for _ in range(num_iters):
        for j in range(k):
            total = sum(q[i][j] for i in range(num))
            for i in range(num):
                q[i][j] /= total
        for i in range(num):
            total = sum(q[i])
            for j in range(k):
                q[i][j] /= total
    return q


def slow_similarities(head, z, scale):
    return [[sum(a * b for a, b in zip(u, p)) / math.hypot(*u)
             / math.hypot(*p) for p in head.prototypes[scale].tolist()]
            for u in z.tolist()]


def slow_divergence(p, q):
    """In bits, with 0 log 0 = 0."""
    middle = [(a + b) / 2 for a, b in zip(p, q)]
    return sum(x * math.log2(x / m) for each in (p, q)
               for x, m in zip(each, middle) if x) / 2


def distributions(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return (2 * torch.randn(shape, generator=generator,
                            dtype=torch.float64)).softmax(-1)
