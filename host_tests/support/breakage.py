"""A program with a word or more changed at random."""

from array import array

from ember.instructions import isa

BIG = isa.LIMIT


def mutate(p, r):
    words = p.tolist()
    for _ in range(r.choice((1, 1, 1, 2, 3))):
        i = r.randrange(len(words))
        words[i] = r.choice(
            (
                words[i] + r.choice((-1, 1, 2, -2, 10)),
                -words[i],
                words[i] ^ 1 << r.randrange(31),
                r.choice(words),
                r.choice((0, 1, -1, BIG, BIG + 1, -BIG, 2**31 - 1, -(2**31), 2**30, r.randrange(-9, 99))),
                r.randrange(8) << 24 | r.randrange(64),
            )
        )
        words[i] = (words[i] + 2**31) % 2**32 - 2**31
    if r.random() < 0.1:
        i = r.randrange(len(words))
        words[i : i + r.randint(0, 2)] = [r.randrange(-2, 30)] * r.randint(0, 2)
        if len(words) > 1 and r.random() < 0.7:
            words[1] = len(words)
    return array("i", words)
