"""Hidden suite of `adapter_size`."""

import copy

import pytest

from tunelab import expect
from tunelab.models import minilm_classifier, smollm2, tiny_bert, tiny_distilbert, tiny_electra, tiny_llama, tiny_roberta


def config(rank, alpha, targets, task):
    from peft import LoraConfig

    return LoraConfig(r=rank, lora_alpha=alpha, target_modules=targets, task_type=task)


def saved_tensors(wanted, model):
    """The tensors that peft saves, name to tensor, made from copies."""
    from peft import get_peft_model
    from peft.utils import get_peft_model_state_dict

    adapted = get_peft_model(copy.deepcopy(model), copy.deepcopy(wanted))
    return get_peft_model_state_dict(adapted, save_embedding_layers=False)


def size_of(tensors, part=""):
    return sum(tensor.nbytes for name, tensor in tensors.items() if part in name)


def layers_of(model, wanted, root=""):
    """Name to (rows, columns) of the linear layers whose last name is a target, those whose names begin with `root`."""
    found = ((name, module) for name, module in model.named_modules() if type(module).__name__ == "Linear")
    return {n: tuple(m.weight.shape) for n, m in found if n.startswith(root) and n.split(".")[-1] in wanted.target_modules}


def head_of(model):
    """Name to number of elements of what isn't in the base model."""
    return {n: p.numel() for n, p in model.named_parameters() if not n.startswith(model.base_model_prefix + ".")}


def judged(got, right, call, wanted, width, layers, head, of_the_head, otherwise):
    """Passes the right size; says of a wrong one from which mistake it comes, where that is plain, and else `otherwise`.

    `layers` and `of_the_head` are the shapes of target layers, by name; `head` the head's numbers of elements, by name.
    """
    if got == right:
        return
    task, rank = wanted.task_type, wanted.r
    saved = sum(head.values()) if task == "SEQ_CLS" else 0
    elements = sum(rows + columns for rows, columns in layers.values())
    first = {name.split(".")[-1]: sum(shape) for name, shape in reversed(layers.items())}
    ways = (
        (wanted.lora_alpha * elements + saved, ": alpha in place of the rank. Alpha only scales, it takes no room."),
        (
            2 * rank * width * len(layers) + saved,
            ", as if all matrices were square. Look at each layer's `in_features` and `out_features`: not all of them are square here.",
        ),
        ((rank * elements + saved) / 4, ", a number of elements. Bytes are asked for: four for each."),
        (
            rank * sum(first.values()) + saved,
            f", which is one layer for each target, of {len(layers)} in all. Every layer has factors of its own.",
        ),
        (elements + saved, ", which leaves the rank out. Each factor has `rank` rows or columns."),
        (rank * sum(rows for rows, _ in layers.values()) + saved, ", which has `b` alone. Each layer has two factors."),
        (rank * sum(columns for _, columns in layers.values()) + saved, ", which has `a` alone. Each layer has two factors."),
        (
            rank * (elements + sum(map(sum, of_the_head.values()))) + saved,
            f", with factors for `{next(iter(of_the_head), '')}`. The head is trained whole: look for targets in `model.base_model` only.",
        ),
    )
    if task == "SEQ_CLS":
        without_bias = sum(size for name, size in head.items() if not name.endswith("bias"))
        ways += (
            (saved, ", which is the head alone, without the factors."),
            (rank * elements, ", the factors alone. The head of a classifier is new: peft saves it with them."),
            (rank * elements + without_bias, ", which leaves out the head's bias."),
        )
    else:
        words = f": more than the factors, the head too. Only with SEQ_CLS is anything else saved; here the task type is {task}."
        ways += ((rank * elements + sum(head.values()), words),)
    told = list(dict.fromkeys(words for wrong, words in ways if got == 4 * wrong))
    raise AssertionError(f"{call} gave {got}{told[0]}" if len(told) == 1 else f"{call} gave {got}. {otherwise}")


def called(learner, wanted, model):
    call = (
        f"adapter_size(config, model), on a {type(model).__name__}, rank {wanted.r}, alpha {wanted.lora_alpha}, targets {sorted(wanted.target_modules)}, "
        f"task type {wanted.task_type},"
    )
    return expect.integer(learner.adapter_size(wanted, model), call=call, low=0), call


def checked(learner, wanted, model, otherwise):
    """Calls the learner's function, and compares with what peft saves."""
    got, call = called(learner, wanted, model)
    right, prefix = size_of(saved_tensors(wanted, model)), model.base_model_prefix + "."
    everywhere, inside = layers_of(model, wanted), layers_of(model, wanted, prefix)
    of_the_head = {name: shape for name, shape in everywhere.items() if name not in inside}
    judged(got, right, call, wanted, model.config.hidden_size, inside, head_of(model), of_the_head, otherwise)


@pytest.mark.points(3)
def test_narrow_keys_and_values(learner, rng):
    """In a language model whose keys and values are narrower than its queries, each matrix counts with its own shape."""
    for targets in (["q_proj", "v_proj"], ["k_proj"], ["down_proj", "o_proj"]):
        rank, layers = (int(n) for n in rng.permutation([2, 3, 5])[:2])  # not 4, the bytes of a number, and not the same
        alpha = rank + int(rng.integers(3, 9))
        model = tiny_llama(layers=layers, hidden=32, heads=4, num_key_value_heads=1)
        wanted = config(rank, alpha, targets, "CAUSAL_LM")
        checked(
            learner, wanted, model, f"Go through the linear layers of the base model whose last name is a target: it has {layers} of each."
        )


@pytest.mark.points(2)
def test_a_classifier_saves_its_head(learner, rng):
    """With the task type SEQ_CLS the head is in the file too, whole, with its bias."""
    for model, targets in (
        (tiny_bert(layers=3, hidden=16, labels=int(rng.integers(3, 9))), ["query"]),
        (tiny_distilbert(layers=3, hidden=16, labels=3), ["v_lin"]),
    ):
        wanted = config(5, 7, targets, "SEQ_CLS")
        checked(learner, wanted, model, "The file holds the factors and the whole head, all that isn't in `model.base_model`.")


@pytest.mark.points(2)
def test_no_head_without_the_task(learner):
    """A language model's last layer isn't saved, and neither is a classifier's head when the task type is missing."""
    for model, targets, task in (
        (tiny_llama(layers=3, hidden=32), ["q_proj"], "CAUSAL_LM"),
        (tiny_llama(layers=3, hidden=32, tie_word_embeddings=True), ["q_proj"], "CAUSAL_LM"),
        (tiny_bert(layers=3, hidden=16), ["query"], None),
    ):
        wanted = config(5, 7, targets, task)
        checked(learner, wanted, model, "The factors of every target layer are saved, and with this task type nothing else.")


@pytest.mark.points(2)
def test_the_heads_own_layers_get_no_factors(learner):
    """A layer of the head whose name is a target too is saved whole, and gets no factors."""
    for model in (tiny_roberta(hidden=16), tiny_electra(hidden=16)):
        wanted = config(2, 4, ["dense"], "SEQ_CLS")
        checked(learner, wanted, model, "Saved are factors for each `dense` of the base model, and the head whole.")


@pytest.mark.points(1)
def test_model_and_config_are_left_alone(learner):
    """Model and configuration are only looked at: no layer is replaced, nothing frozen, no field filled in."""
    model, wanted = tiny_bert(layers=3, hidden=16), config(2, 4, ["query"], "SEQ_CLS")
    _, call = called(learner, wanted, model)
    left, seen = learner.last.args
    assert seen is model, (
        f"{call} put adapters into the model. `get_peft_model` changes the model that it is given: count, or let it work on a deep copy."
    )
    assert all(p.requires_grad for p in model.parameters()), f"{call} froze parameters of the model."
    assert getattr(left, "modules_to_save", "gone") is None, (
        f"{call} changed the configuration: its modules_to_save was None. `get_peft_model` fills it in: give it a copy of the configuration as well."
    )
    checked(learner, wanted, model, "The file holds the factors and the whole head, all that isn't in `model.base_model`.")


@pytest.mark.points(2)
def test_the_real_models(learner):
    """For MiniLM and SmolLM2 the number is that of the files one would get."""
    from transformers import AutoConfig

    from tunelab import assets

    mini, smol = (AutoConfig.from_pretrained(assets.folder(name), local_files_only=True) for name in ("minilm", "smollm2"))
    wanted, h = config(8, 16, ["query", "value"], "SEQ_CLS"), mini.hidden_size
    call = "adapter_size(config, model), on MiniLM with a head of two classes, rank 8, alpha 16, targets ['query', 'value'],"
    got = expect.integer(learner.adapter_size(wanted, learner.make(minilm_classifier)), call=call)
    layers = {f"{i}.{name}": (h, h) for i in range(mini.num_hidden_layers) for name in ("query", "value")}
    right = 4 * (mini.num_hidden_layers * 2 * 8 * 2 * h + 2 * h + 2)
    head = {"classifier.weight": 2 * h, "classifier.bias": 2}
    judged(got, right, call, wanted, h, layers, head, {}, f"Its layers are {len(layers)}, of {h} inputs and {h} outputs.")
    wanted, h, narrow = config(8, 16, ["q_proj", "v_proj"], "CAUSAL_LM"), smol.hidden_size, smol.num_key_value_heads * smol.head_dim
    call = "adapter_size(config, model), on SmolLM2, rank 8, alpha 16, targets ['q_proj', 'v_proj'],"
    got = expect.integer(learner.adapter_size(wanted, learner.make(smollm2)), call=call)
    layers = {f"{i}.{n}": shape for i in range(smol.num_hidden_layers) for n, shape in (("q_proj", (h, h)), ("v_proj", (narrow, h)))}
    right = 4 * smol.num_hidden_layers * 8 * (2 * h + h + narrow)
    head = {"lm_head.weight": smol.vocab_size * h}
    judged(got, right, call, wanted, h, layers, head, {}, f"Its values have {narrow} outputs, its queries {h}.")
