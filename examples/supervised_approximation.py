"""Learn the sum of sixteen numbers with an `Approximation`."""

import torch
from torch import nn, optim

from allcore.approximation import Approximation

# create a pytorch module
model = nn.Linear(16, 1)

# create an associated pytorch optimizer
optimizer = optim.Adam(model.parameters(), lr=1e-2)

# create the function approximator
f = Approximation(model, optimizer)

for _ in range(200):
    # Generate some arbitrary data.
    # We'll approximate a very simple function:
    # the sum of the input features.
    x = torch.randn((16, 16))
    y = x.sum(1, keepdim=True)

    # forward pass
    y_hat = f(x)

    # compute loss
    loss = nn.functional.mse_loss(y_hat, y)

    # backward pass
    f.reinforce(loss)

print(f"loss after {f.updates} updates: {loss.item():.4f}")
ones = torch.ones((1, 16))
print(f"the sum of sixteen ones, it says, is {f.eval(ones).item():.1f}")
