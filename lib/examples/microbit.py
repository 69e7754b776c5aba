"""A digits net that is trained in 16 kB of RAM: one sample a step, straight into the weights.

python -m ember_tools compile lib/examples/microbit.py; make microbit trains it there.
"""

import ember
from ember import nn, optim

ember.manual_seed(1)
model = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))
optimizer = optim.SGD(model.parameters(), lr=0.05)
trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optimizer, (64,), batch_size=1, input_dtype="B",
                        input_scale=1 / 16, fused=True)  # fmt: skip
