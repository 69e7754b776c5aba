"""microgpt (Karpathy, 2026) on a board of 192 kB: a Transformer of 4,192 parameters learns how names are spelled, and
makes some up.

    import microgpt
    microgpt.compile()     # writes microgpt.ember; then reset the board, which frees what wrote it
    microgpt.train()       # trains it, and says names

Of the first the board keeps a file; the second needs of Ember only what runs programs.
"""

PATH = "microgpt.ember"
LETTERS, WIDTH, LENGTH = 27, 16, 16  # a to z, and where a name begins and ends; the most letters that are looked at
END = 26
NAMES = (
    "emma olivia ava isabella sophia mia charlotte amelia harper evelyn abigail emily ella elizabeth camila luna sofia "
    "avery mila aria scarlett penelope layla chloe victoria madison eleanor grace nora riley zoey hannah hazel lily "
    "ellie violet lillian zoe stella aurora natalie emilia everly leah aubrey willow addison lucy audrey bella liam "
    "noah oliver elijah james william benjamin lucas henry alexander mason michael ethan daniel jacob logan jackson "
    "levi sebastian mateo jack owen theodore aiden samuel joseph john david wyatt matthew luke asher carter julian "
    "grayson leo jayden gabriel isaac lincoln anthony hudson dylan ezra thomas charles"
)


def model():
    """One layer, 4 heads, without biases; its norms have no weights."""
    from ember import nn

    class GPT(nn.Module):
        def __init__(self):
            self.letters, self.places = nn.Embedding(LETTERS, WIDTH), nn.Embedding(LENGTH, WIDTH)
            self.norms = [nn.RMSNorm(WIDTH, eps=1e-5, elementwise_affine=False) for _ in range(3)]
            self.attention = nn.MultiheadAttention(WIDTH, 4, bias=False)
            self.wide = nn.Linear(WIDTH, 4 * WIDTH, bias=False)
            self.narrow = nn.Linear(4 * WIDTH, WIDTH, bias=False)
            self.head = nn.Linear(WIDTH, LETTERS, bias=False)

        def forward(self, x):
            h = self.norms[0](self.letters(x) + self.places.weight)
            a = self.norms[1](h)
            h = h + self.attention(a, a, a, is_causal=True)[0]
            h = h + self.narrow(self.wide(self.norms[2](h)).relu())
            return self.head(h)

    return GPT()


def compile(path=PATH):
    """Returns the bytes of the file."""
    import ember
    from ember import nn, optim

    ember.manual_seed(42)
    gpt = model()
    optimizer = optim.Adam(gpt.parameters(), lr=0.01, betas=(0.85, 0.99))
    return ember.compile(gpt, nn.CrossEntropyLoss(), optimizer, (LENGTH,), 1, path=path, input_dtype="B",
                         target_shape=(LENGTH,))  # fmt: skip


def spell(name, x, y):
    """What the model sees of a name, and what comes next at each place."""
    for i in range(LENGTH):
        x[i] = ord(name[i - 1]) - 97 if 0 < i <= len(name) else END
        y[i] = ord(name[i]) - 97 if i < len(name) else END


def train(path=PATH, steps=500, names=8):
    """Returns the Runner, and prints the loss on the way and what it makes up at the end."""
    from ember import runtime

    model, known = runtime.load(path), NAMES.split()
    x, y, loss = bytearray(LENGTH), bytearray(LENGTH), 0.0
    for step in range(1, steps + 1):
        spell(known[step * 37 % len(known)], x, y)
        model.lr = 0.01 * (1 - step / (steps + 1))
        model.step(x, y)
        loss += model.loss
        if step % 50 == 0:
            print("step %4d  loss %.3f" % (step, loss / 50))
            loss = 0.0
    print(", ".join([make_up(model, x, 0x5EED * (k + 1)) for k in range(names)]))
    return model


def make_up(model, x, seed, temperature=0.6):
    """A name, letter by letter, each drawn by how likely the model says it is."""
    from math import exp

    name = ""
    while len(name) < LENGTH:
        spell(name, x, bytearray(LENGTH))
        scores = model.predict(x)[len(name) * LETTERS : (len(name) + 1) * LETTERS]
        most = max(scores)
        weights = [exp((score - most) / temperature) for score in scores]
        seed = (seed * 75 + 74) % 65537  # small enough to be no object
        left, letter = seed / 65537 * sum(weights), 0
        while letter < END and left >= weights[letter]:
            left -= weights[letter]
            letter += 1
        if letter == END:
            break
        name += chr(97 + letter)
    return name
