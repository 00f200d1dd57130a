"""Approximation: asking, and what exactly one update does."""

import numpy as np
import pytest
import torch
from torch import nn, optim

from allcore.approximation import Approximation, FixedTarget, PeriodicCheckpointer, PolyakTarget
from allcore.checkpoint import load_state, load_tensors, save_state
from allcore.errors import CheckpointError, HyperparameterError, UsageError
from allcore.logging.logger import Logger
from allcore.optim import Linear


def linear(weights, bias=None):
    model = nn.Linear(len(weights), 1, bias=bias is not None)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([weights]))
        if bias is not None:
            model.bias.fill_(bias)
    return model


def sgd(model, **options):
    return optim.SGD(model.parameters(), lr=options.pop("lr", 0.5), **options)


class Recorder(Logger):
    def __init__(self, folder="."):
        super().__init__(folder)
        self.seen = []

    def debug(self, name, value, frame):
        self.seen.append((name, value, frame))


def test_the_example_of_the_documentation_learns():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = nn.Linear(16, 1)
        optimizer = optim.Adam(model.parameters(), lr=1e-2)
        f = Approximation(model, optimizer)
        losses = []
        for _ in range(200):
            x = torch.randn((16, 16))
            y = x.sum(1, keepdim=True)
            y_hat = f(x)
            loss = nn.functional.mse_loss(y_hat, y)
            f.reinforce(loss)
            losses.append(loss.item())
    assert losses[-1] < losses[0] / 10
    assert f.updates == 200


# ---- asking


def test_only_a_plain_call_draws_gradients():
    f = Approximation(linear([2.0, 3.0], 1.0))
    x = torch.tensor([[1.0, 1.0]])
    for answer in (f(x), f.no_grad(x), f.eval(x), f.target(x)):
        assert answer.tolist() == [[6.0]]
    assert f(x).requires_grad
    assert not any(answer.requires_grad for answer in (f.no_grad(x), f.eval(x), f.target(x)))


def test_eval_restores_the_mode_of_every_part():
    model = nn.Sequential(nn.Dropout(1.0), nn.BatchNorm1d(2), nn.Identity())
    model[1].eval()
    f = Approximation(model)
    x = torch.tensor([[1.0, -1.0]])
    assert f.no_grad(x).tolist() == [[0.0, 0.0]]  # everything dropped
    assert f.eval(x).tolist() == [pytest.approx([1.0, -1.0], abs=1e-4)]
    assert [module.training for module in model.modules()] == [True, True, False, True]


def test_eval_restores_the_mode_after_an_error():
    f = Approximation(linear([1.0]))
    with pytest.raises(RuntimeError):
        f.eval(torch.zeros(2, 7))
    assert f.model.training


def test_device():
    assert Approximation(nn.Linear(1, 1, device="meta")).device.type == "meta"
    assert Approximation(nn.Identity()).device.type == "cpu"


# ---- one update


def test_one_update_with_adam_equals_numpy():
    generator = torch.Generator().manual_seed(1)
    x, y = (torch.randn(shape, generator=generator, dtype=torch.float64) for shape in ((5, 3), (5, 1)))
    model = linear([0.3, -0.2, 0.1], 0.05).double()
    f = Approximation(
        model,
        optim.Adam(model.parameters(), lr=0.01, betas=(0.9, 0.999), eps=1e-4),
        clip_grad=0.7,
        loss_scaling=0.5,
    )
    w, b = np.array([0.3, -0.2, 0.1], np.float32).astype(float), float(np.float32(0.05))
    theta, m, v = np.append(w, b), np.zeros(4), np.zeros(4)
    features = np.hstack([x.numpy(), np.ones((5, 1))])
    for t in range(1, 6):
        f.reinforce(((f(x) - y) ** 2).mean())
        gradient = 0.5 * 2 / 5 * features.T @ (features @ theta - y.numpy()[:, 0])
        norm = np.linalg.norm(gradient)
        gradient *= min(1.0, 0.7 / (norm + 1e-6))
        m = 0.9 * m + 0.1 * gradient
        v = 0.999 * v + 0.001 * gradient**2
        theta = theta - 0.01 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-4)
        ours = np.append(model.weight.detach().numpy(), model.bias.detach().numpy())
        np.testing.assert_allclose(ours, theta, atol=1e-9)
    assert f.updates == 5


def test_gradients_are_clipped_by_their_norm_together():
    # Gradients (3, 4) have norm 5; clipped to 1 they are (0.6, 0.8), and each weight moves by lr times that.
    model = nn.ParameterList([torch.zeros(1), torch.zeros(1)])
    f = Approximation(model, sgd(model, lr=1.0), clip_grad=1.0)
    f.reinforce((3 * model[0] + 4 * model[1]).sum())
    assert [p.item() for p in model] == pytest.approx([-0.6, -0.8], abs=1e-5)
    f.reinforce((0.3 * model[0] + 0.4 * model[1]).sum())  # norm 0.5: left alone
    assert [p.item() for p in model] == pytest.approx([-0.9, -1.2], abs=1e-5)


def test_loss_scaling_scales_gradients_but_not_the_log():
    model = linear([1.0])
    recorder = Recorder()
    f = Approximation(model, sgd(model, lr=1.0), loss_scaling=0.5, logger=recorder)
    f.reinforce(f(torch.tensor([[2.0]])).sum())
    assert model.weight.item() == 0.0
    assert recorder.seen[0][1].item() == 2.0


def test_no_gradient_is_left_behind():
    model = linear([1.0, 2.0])
    f = Approximation(model, sgd(model))
    f.reinforce(f(torch.ones(1, 2)).sum())
    assert model.weight.grad is None
    f(torch.ones(1, 2)).sum().backward()
    f.zero_grad()
    assert model.weight.grad is None


def test_step_uses_the_gradients_that_are_there():
    model = linear([1.0])
    f = Approximation(model, sgd(model, lr=0.1))
    (3 * model.weight).sum().backward()
    assert f.step() is f
    assert model.weight.item() == pytest.approx(0.7)
    assert f.updates == 1


def test_the_hook_sees_gradients_before_they_are_clipped():
    model = linear([1.0])
    seen = []

    def halve(parameters):
        for parameter in parameters:
            seen.append(parameter.grad.item())
            parameter.grad.mul_(0.5)

    f = Approximation(model, sgd(model, lr=1.0), clip_grad=100.0, gradient_hook=halve)
    f.reinforce((4 * model.weight).sum())
    assert seen == [4.0]
    assert model.weight.item() == -1.0


def test_without_an_optimizer_it_says_so():
    f = Approximation(linear([1.0]), name="critic")
    with pytest.raises(UsageError, match="critic cannot learn"):
        f.reinforce(f(torch.ones(1, 1)).sum())


# ---- learning rates


def test_the_schedule_is_a_factor_by_updates():
    model = nn.ParameterList([torch.zeros(1), torch.zeros(1)])
    optimizer = optim.SGD([{"params": [model[0]], "lr": 1.0}, {"params": [model[1]], "lr": 0.1}])
    f = Approximation(model, optimizer, learning_rate_schedule=Linear(1.0, 0.0, 0, 4))
    rates = []
    for _ in range(5):
        f.reinforce((model[0] + model[1]).sum())
        rates.append([group["lr"] for group in optimizer.param_groups])
    assert rates == [pytest.approx([r, r / 10]) for r in (1.0, 0.75, 0.5, 0.25, 0.0)]
    assert model[0].item() == pytest.approx(-2.5)


def test_with_a_clock_the_schedule_goes_by_it():
    """Three updates at 6 of 8 steps, as of a rollout that is gone through three times."""
    model = linear([1.0])
    now = [2]
    f = Approximation(
        model, sgd(model, lr=1.0), learning_rate_schedule=Linear(1.0, 0.0, 0, 8), clock=lambda: now[0]
    )
    f.reinforce(model.weight.sum())
    assert model.weight.item() == pytest.approx(1 - 0.75)
    now[0] = 6
    for _ in range(3):
        f.reinforce(model.weight.sum())
    assert model.weight.item() == pytest.approx(1 - 0.75 - 3 * 0.25)


def test_a_learning_rate_in_a_tensor_is_changed_in_place():
    model = linear([1.0])
    rate = torch.tensor(0.5)
    f = Approximation(
        model, optim.Adam(model.parameters(), lr=rate), learning_rate_schedule=Linear(1, 0, 0, 2)
    )
    f.reinforce(model.weight.sum())
    assert rate.item() == 0.5
    f.reinforce(model.weight.sum())
    assert f.optimizer.param_groups[0]["lr"] is rate
    assert rate.item() == 0.25


def test_the_rate_after_loading_follows_this_schedule_and_the_saved_count():
    one, two = linear([1.0]), linear([1.0])
    constant = Approximation(one, sgd(one, lr=1.0))
    for _ in range(2):
        constant.reinforce(one.weight.sum())
    falling = Approximation(two, sgd(two, lr=1.0), learning_rate_schedule=Linear(1.0, 0.0, 0, 4))
    falling.load_state_dict(constant.state_dict())
    falling.reinforce(two.weight.sum())
    assert falling.optimizer.param_groups[0]["lr"] == 0.5


# ---- logging


def test_every_kth_loss_is_logged_as_a_tensor():
    model = linear([1.0])
    recorder = Recorder()
    f = Approximation(
        model, sgd(model, lr=0.0), logger=recorder, name="q", log_interval=3, clock=lambda: 1000 + f.updates
    )
    for i in range(7):
        f.reinforce((i * model.weight).sum())
    assert [(name, value.item(), frame) for name, value, frame in recorder.seen] == [
        ("loss/q", 0.0, 1001),
        ("loss/q", 3.0, 1004),
        ("loss/q", 6.0, 1007),
    ]
    assert not any(value.requires_grad for _, value, _ in recorder.seen)


def test_norms_and_learning_rates_are_logged_where_there_are_any():
    model = linear([1.0])
    recorder = Recorder()
    f = Approximation(
        model, sgd(model), logger=recorder, clip_grad=1.0, learning_rate_schedule=Linear(1, 0, 0, 10)
    )
    f.reinforce((5 * model.weight).sum())
    logged = {name: float(value) for name, value, frame in recorder.seen if frame == 1}
    assert logged == {
        "loss/approximation": 5.0,
        "gradient_norm/approximation": 5.0,
        "learning_rate/approximation": 0.5,
    }


# ---- saving


def test_periodic_checkpoints(tmp_path):
    model = linear([0.0])
    f = Approximation(
        model, sgd(model, lr=1.0), checkpointer=PeriodicCheckpointer(2), logger=Recorder(tmp_path), name="q"
    )
    f.reinforce(model.weight.sum())
    assert list(tmp_path.iterdir()) == []
    for _ in range(2):
        f.reinforce(model.weight.sum())
    tensors, metadata = load_tensors(tmp_path / "q.safetensors")
    assert tensors["weight"].item() == -2.0
    assert metadata == {"kind": "model", "updates": 2}
    with pytest.raises(HyperparameterError, match="every 0 updates"):
        PeriodicCheckpointer(0)


def image_approximation(**options):
    model = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3)).to(memory_format=torch.channels_last)
    optimizer = optim.Adam(model.parameters(), lr=0.1)
    return Approximation(
        model, optimizer, learning_rate_schedule=Linear(1.0, 0.1, 0, 6), clip_grad=1.0, **options
    )


@pytest.mark.parametrize("target", [lambda: FixedTarget(3), lambda: PolyakTarget(0.3)])
def test_a_resumed_approximation_goes_on_bit_for_bit(tmp_path, target):
    generator = torch.Generator().manual_seed(0)
    batches = [torch.randn(4, 2, 5, 5, generator=generator) for _ in range(8)]

    def train(f, batches):
        for x in batches:
            f.reinforce(((f(x) - f.target(x) - 1) ** 2).mean())

    one = image_approximation(target=target())
    train(one, batches[:4])
    save_state(tmp_path / "s", one.state_dict())
    train(one, batches[4:])

    two = image_approximation(target=target())
    weight = two.model[0].weight
    two.load_state_dict(load_state(tmp_path / "s"))
    assert two.updates == 4
    assert two.model[0].weight is weight
    assert weight.is_contiguous(memory_format=torch.channels_last)
    assert two.optimizer.state[weight]["exp_avg"].is_contiguous(memory_format=torch.channels_last)
    train(two, batches[4:])
    for a, b in zip(one.model.state_dict().values(), two.model.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    assert torch.equal(one.target(batches[0]), two.target(batches[0]))
    assert one.optimizer.param_groups[0]["lr"] == two.optimizer.param_groups[0]["lr"]


def test_loading_fills_the_tensors_that_are_there_and_shares_none():
    one, two = image_approximation(), image_approximation()
    for f in (one, two):
        f.reinforce(f(torch.ones(1, 2, 5, 5)).sum())
    weight = two.model[0].weight
    average = two.optimizer.state[weight]["exp_avg"]
    two.load_state_dict(one.state_dict())
    assert two.optimizer.state[weight]["exp_avg"] is average
    theirs = one.optimizer.state[one.model[0].weight]["exp_avg"]
    assert torch.equal(average, theirs)
    assert average.data_ptr() != theirs.data_ptr()


def test_contiguous_tensors_are_restored_into_the_model_s_layout():
    one, two = image_approximation(), image_approximation()
    one.reinforce(one(torch.ones(1, 2, 5, 5)).sum())
    state = one.state_dict()
    for values in state["optimizer"]["state"].values():
        values.update({key: value.contiguous() for key, value in values.items()})
    two.load_state_dict(state)
    assert two.optimizer.state[two.model[0].weight]["exp_avg"].is_contiguous(
        memory_format=torch.channels_last
    )


def test_a_state_of_another_model():
    one, two = Approximation(linear([1.0])), Approximation(linear([1.0, 2.0]), name="critic")
    with pytest.raises(CheckpointError, match="does not fit critic"):
        two.load_state_dict(one.state_dict())


def test_a_state_of_another_optimizer():
    a, b = linear([1.0]), linear([1.0], 0.0)
    one = Approximation(a, optim.Adam(a.parameters()))
    two = Approximation(b, optim.Adam(b.parameters()))
    state = one.state_dict()
    state["model"] = two.state_dict()["model"]
    with pytest.raises(CheckpointError, match="does not fit"):
        two.load_state_dict(state)


@pytest.mark.parametrize("saved_with", [True, False])
def test_an_optimizer_too_many_or_too_few(saved_with):
    a, b = linear([1.0]), linear([2.0])
    made = [Approximation(a, sgd(a)), Approximation(b)]
    saved, loaded = made if saved_with else reversed(made)
    before = loaded.model.weight.item()
    with pytest.raises(CheckpointError, match="has an optimizer and .* has none"):
        loaded.load_state_dict(saved.state_dict())
    assert loaded.model.weight.item() == before


@pytest.mark.parametrize("targets", [(FixedTarget(1), None), (None, PolyakTarget(0.5))])
def test_a_target_of_another_kind(targets):
    saved, loaded = (Approximation(linear([1.0]), target=target) for target in targets)
    with pytest.raises(CheckpointError, match="target network is of another kind"):
        loaded.load_state_dict(saved.state_dict())


@pytest.mark.parametrize("in_tensor", [True, False])
def test_a_learning_rate_stays_a_tensor_or_a_number(in_tensor):
    def adam(lr):
        model = linear([1.0])
        return Approximation(model, optim.Adam(model.parameters(), lr=lr))

    tensor, number = adam(torch.tensor(0.5)), adam(0.25)
    saved, loaded = (number, tensor) if in_tensor else (tensor, number)
    before = loaded.optimizer.param_groups[0]["lr"]
    loaded.load_state_dict(saved.state_dict())
    rate = loaded.optimizer.param_groups[0]["lr"]
    assert float(rate) == float(saved.optimizer.param_groups[0]["lr"])
    assert rate is before if in_tensor else isinstance(rate, float)
