"""Hidden suite of `checkpointed`.

To pass gradients back, and to count what is kept, the output must stay where the learner's code runs. So x is of a class of its own there, which all that is computed from it inherits.
"""

import pytest
import torch
from torch import nn

from tunelab import expect


def blocks(widths, seed, dropout=0.0):
    """Layers of two linear maps each, from width to width, that count how often they are called."""
    import itertools

    import torch

    class Block(torch.nn.Module):
        def __init__(self, before, after):
            super().__init__()
            self.up, self.down = torch.nn.Linear(before, 4 * before), torch.nn.Linear(4 * before, after)
            self.drop = torch.nn.Dropout(dropout)
            self.called = 0

        def forward(self, x):
            self.called += 1
            return self.drop(self.down(torch.tanh(self.up(x))))

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return torch.nn.ModuleList(Block(a, b) for a, b in itertools.pairwise(widths))


def chain(layers, size, seed, rate):
    """Layers that multiply each number by a weight of its own and drop some: what comes out is x times its gradient."""
    import torch

    class Scale(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.scale, self.drop = torch.nn.Parameter(1 + torch.rand(size)), torch.nn.Dropout(rate)

        def forward(self, x):
            return self.drop(x * self.scale)

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return torch.nn.ModuleList(Scale() for _ in range(layers)).train()


def traced(numbers, requires_grad):
    """The numbers as a tensor of a class that stays where it is."""
    import torch

    class Traced(torch.Tensor):
        pass

    return numbers.clone().as_subclass(Traced).requires_grad_(requires_grad)


def empty():
    return {"sizes": [], "hooks": None}


def begin_counting(box):
    """From now on, sizes of what is kept for the way back go into the box."""
    import torch

    def pack(tensor):
        box["sizes"].append(tensor.numel())
        return tensor

    box["hooks"] = torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor)
    box["hooks"].__enter__()


def end_counting(box):
    box["hooks"].__exit__(None, None, None)
    return sum(box["sizes"])


def numbers_of(tensor):
    import torch

    return tensor.detach().as_subclass(torch.Tensor).clone()


def graph_of(tensor):
    return tensor.requires_grad


def back(output, x, layers):
    """Passes the sum of squares back. Gives the gradient of x and those of the weights."""
    import torch

    (output.as_subclass(torch.Tensor) ** 2).sum().backward()
    plain = None if x.grad is None else x.grad.as_subclass(torch.Tensor).clone()
    return plain, {name: None if p.grad is None else p.grad.as_subclass(torch.Tensor).clone() for name, p in layers.named_parameters()}


def back_of_sum(output, x):
    """Passes the sum back. Gives the gradient of x."""
    import torch

    output.as_subclass(torch.Tensor).sum().backward()
    return None if x.grad is None else x.grad.as_subclass(torch.Tensor).clone()


def calls(layers):
    return [layer.called for layer in layers]


def drawn(rng, *shape):
    return torch.from_numpy(rng.normal(size=shape)).float()


class Run:
    """One call of the learner's function, on layers and an x that stay where it runs."""

    def __init__(self, learner, layers, numbers, words, requires_grad=True, count=False):
        self.learner, self.layers = learner, layers
        self.call = f"checkpointed(layers, x), with {words.removesuffix(',')},"
        self.x = learner.make(traced, numbers, requires_grad)
        self.kept = None
        self.reentrant = "" if requires_grad else " And with `use_reentrant=True` the weights get no gradient when x needs none."
        if count:
            box = learner.make(empty)
            learner.probe(begin_counting, box)
            try:
                self.output = learner.checkpointed(layers, self.x)
            finally:
                self.kept = learner.probe(end_counting, box)
        else:
            self.output = learner.checkpointed(layers, self.x)
        expect.value(self.output, call=self.call)
        assert getattr(self.output, "type_name", "") == "Traced", (
            f"{self.call} gave a {getattr(self.output, 'type_name', type(self.output).__name__)} that wasn't computed from x. Give back what the last layer gives."
        )

    def values(self):
        return self.learner.probe(numbers_of, self.output)

    def passed_back(self, way, *more):
        """What a way back gives. When `backward()` stops on the output, that is the answer's fault."""
        try:
            return self.learner.probe(way, self.output, self.x, *more)
        except (RuntimeError, TypeError, ValueError, AttributeError) as error:
            raise AssertionError(
                f"{self.call} gave an output on which `backward()` stops with {type(error).__name__}: {str(error)[:160]}"
            ) from None

    def connected(self):
        """The output has a graph."""
        assert self.learner.probe(graph_of, self.output), (
            f"{self.call} gave an output without a graph, so no gradient finds its way back. Is there a `no_grad` or a `detach`?{self.reentrant}"
        )
        return self


@pytest.mark.points(2)
def test_the_same_output(learner, rng):
    """The output is that of plain calls, layer after layer, whatever the widths."""
    for widths in ((4, 4, 4), (4, 6, 3, 5), (5, 2)):
        seed, numbers = int(rng.integers(10**6)), drawn(rng, 3, widths[0])
        run = Run(learner, learner.make(blocks, widths, seed), numbers, f"layers of the widths {widths}")
        expected = numbers
        for layer in blocks(widths, seed):
            expected = layer(expected)
        got = run.values()
        assert tuple(got.shape) == tuple(expected.shape), (
            f"{run.call} gave a tensor of shape {tuple(got.shape)}. Each layer's output is the next one's input."
        )
        expect.close(
            got, expected, call=run.call, hint="Each layer's output is the next one's input, and nothing else is done to it.", atol=1e-5
        )
    numbers = drawn(rng, 2, 3)
    run = Run(learner, nn.ModuleList(), numbers, "no layers")
    assert torch.equal(run.values(), numbers), f"{run.call} gave something else than x."


@pytest.mark.points(3)
def test_the_same_gradients(learner, rng):
    """The gradients of x and of all weights are those of plain calls, also when x needs none."""
    for requires_grad in (True, False):
        seed, numbers = int(rng.integers(10**6)), drawn(rng, 3, 4)
        words = f"three layers and an x that requires {'a' if requires_grad else 'no'} gradient"
        run = Run(learner, learner.make(blocks, (4, 4, 4, 4), seed), numbers, words, requires_grad).connected()
        of_x, of_weights = run.passed_back(back, run.layers)
        layers, x = blocks((4, 4, 4, 4), seed), numbers.clone().requires_grad_(requires_grad)
        output = x
        for layer in layers:
            output = layer(output)
        (output**2).sum().backward()
        expect.close(
            run.values(),
            output,
            call=run.call,
            hint="Each layer's output is the next one's input, and nothing else is done to it.",
            atol=1e-5,
        )
        without = [name for name, gradient in of_weights.items() if gradient is None]
        assert not without, (
            f"{run.call} cut the graph: after `backward()` {without[0]} has no gradient. Is a layer's input detached, or computed without gradients?"
        )
        if requires_grad:
            assert of_x is not None, f"{run.call} cut the graph: after `backward()` x has no gradient."
            expect.close(
                of_x,
                x.grad,
                call=f"{run.call} after `backward()`, as the gradient of x,",
                hint="It must be that of plain calls.",
                atol=1e-5,
            )
        for name, parameter in layers.named_parameters():
            expect.close(
                of_weights[name],
                parameter.grad,
                call=f"{run.call} after `backward()`, as the gradient of {name},",
                hint="It must be that of plain calls.",
                atol=1e-5,
            )


@pytest.mark.points(3)
def test_only_the_inputs_are_kept(learner, rng):
    """Between the way forward and the way back nothing is kept but the input of each layer."""
    count, width, rows = int(rng.integers(4, 7)), int(rng.integers(5, 9)), int(rng.integers(8, 12))
    seed, numbers = int(rng.integers(10**6)), drawn(rng, rows, width)
    widths = (width,) * (count + 1)
    run = Run(
        learner, learner.make(blocks, widths, seed), numbers, f"{count} layers of width {width} and {rows} rows", count=True
    ).connected()
    inputs, sizes = count * rows * width, []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: sizes.append(t.numel()) or t, lambda t: t):
        x = numbers.clone().requires_grad_()
        for layer in blocks(widths, seed):
            x = layer(x)
    assert run.kept < 0.9 * sum(sizes), (
        f"{run.call} keeps {run.kept} numbers for the way back, as many as plain calls do. Each layer has to go through `torch.utils.checkpoint.checkpoint`."
    )
    assert run.kept < 1.2 * inputs, (
        f"{run.call} keeps {run.kept} numbers for the way back; the layers' inputs alone are {inputs}. Some layers aren't checkpoints: each of them should be one, the last one too."
    )
    assert run.kept, (
        f"{run.call} keeps nothing for the way back, so nothing finds its way back through the layers. Are they computed without gradients?"
    )
    assert run.kept > 0.9 * inputs, (
        f"{run.call} keeps {run.kept} numbers for the way back, fewer than the layers' inputs, {inputs}. With one checkpoint around several layers all of them are computed anew "
        "at once on the way back, and all that they keep is there together. Make each layer one of its own."
    )
    assert learner.probe(calls, run.layers) == [1] * count, (
        f"{run.call} called the layers {learner.probe(calls, run.layers)} times on the way forward. Once each is enough."
    )
    run.passed_back(back, run.layers)
    again = learner.probe(calls, run.layers)
    assert again == [2] * count, (
        f"{run.call} had called the layers {again} times after the way back. Each is called once on the way forward and once more on the way back."
    )


@pytest.mark.points(2)
def test_the_same_numbers_are_dropped_again(learner, rng):
    """When a layer is computed a second time, its dropout drops what it dropped the first time."""
    size, rate = 64, 0.3
    numbers = 1 + drawn(rng, size).abs()
    run = Run(
        learner, learner.make(chain, 3, size, int(rng.integers(10**6)), rate), numbers, f"layers that drop {rate:.0%} of {size} numbers,"
    ).connected()
    values = run.values()
    gradient = run.passed_back(back_of_sum)
    assert gradient is not None, (
        f"{run.call} cut the graph: after `backward()` x has no gradient. Is a layer's input detached, or computed without gradients?"
    )
    dropped, without = values == 0, gradient == 0
    assert bool(dropped.any()) and not bool(dropped.all()), (
        f"{run.call} dropped {int(dropped.sum())} of {size} numbers. The layers are in training mode: leave them in it."
    )
    assert torch.equal(dropped, without), (
        f"{run.call} dropped {int(dropped.sum())} numbers on the way forward, and {int((dropped != without).sum())} others on the way back. The random state has to be put back for the second "
        "time: leave `preserve_rng_state` as it is."
    )
    expect.close(
        values, numbers * gradient, call=run.call, hint="The layers only multiply, so the output must be x times its gradient.", atol=1e-4
    )


def modes(layers):
    return [layer.training for layer in layers]


@pytest.mark.points(1)
def test_the_layers_are_left_alone(learner, rng):
    """The layers keep their mode and their weights, and x its numbers."""
    numbers, seed = drawn(rng, 2, 4), int(rng.integers(10**6))
    handle = learner.make(half_asleep, seed)
    run = Run(learner, handle, numbers, "one layer in evaluation mode and one in training mode").connected()
    shape = tuple(run.values().shape)
    assert shape == (2, 3), f"{run.call} gave a tensor of shape {shape}. The last layer gives three numbers for each row."
    assert learner.probe(modes, handle) == [False, True], f"{run.call} left the layers in another mode than they were in."
    assert torch.equal(learner.probe(numbers_of, run.x), numbers), f"{run.call} changed x in place."


def half_asleep(seed):
    layers = blocks((4, 4, 3), seed, 0.5)
    layers[0].eval()
    return layers
