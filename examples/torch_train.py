"""A training loop of one's own, in PyTorch, as a model of params.yaml: `ceteris` runs it once a seed and version.

    train:
      models:
        net:
          command: python estimators/torch_train.py {train} {predict} {out} {seed}

Copy it to estimators/ and make it yours: read the train table (id, label, weight, features), predict the other (id, features),
write one column of probabilities a class. `python` is the first on PATH, so that it may live in an environment of its own.
"""

import sys

import pandas as pd
import torch
from torch import nn


def main(train: str, predict: str, out: str, seed: str) -> None:
    """Train on one table and write the class probabilities of the rows of another."""
    torch.manual_seed(int(seed))
    torch.use_deterministic_algorithms(True)
    rows, judged = pd.read_parquet(train), pd.read_parquet(predict)
    classes = sorted(rows["label"].unique())
    names = [name for name in judged.columns if name != "id"]
    features = torch.tensor(rows[names].to_numpy(), dtype=torch.float32)
    mean, spread = features.mean(0), features.std(0).clamp_min(1e-6)
    labels = torch.tensor(rows["label"].map({name: code for code, name in enumerate(classes)}).to_numpy())
    weights = torch.tensor(rows["weight"].to_numpy(), dtype=torch.float32)
    net = nn.Sequential(nn.Linear(len(names), 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, len(classes)))
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-2, weight_decay=1e-2)
    for epoch in range(30):
        for batch in torch.randperm(len(rows)).split(64):
            losses = nn.functional.cross_entropy(net((features[batch] - mean) / spread), labels[batch], reduction="none")
            loss = (losses * weights[batch]).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        print(f"epoch {epoch + 1}: loss {loss.item():.3f}")
    net.eval()
    with torch.no_grad():
        shown = (torch.tensor(judged[names].to_numpy(), dtype=torch.float32) - mean) / spread
        probabilities = net(shown).softmax(1).double()
    pd.DataFrame(probabilities.numpy(), columns=classes).assign(id=judged["id"]).to_parquet(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
