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


def called(learner, wanted, model):
    call = f"adapter_size(config, model), on a {type(model).__name__}, rank {wanted.r}, alpha {wanted.lora_alpha}, targets {sorted(wanted.target_modules)},"
    return expect.integer(learner.adapter_size(wanted, model), call=call, low=0), call


@pytest.mark.points(3)
def test_narrow_keys_and_values(learner, rng):
    """In a language model whose keys and values are narrower than its queries, each matrix counts with its own shape."""
    for targets in (["q_proj", "v_proj"], ["k_proj"], ["down_proj", "o_proj"]):
        rank, layers = int(rng.integers(2, 6)), int(rng.integers(2, 5))
        alpha = rank + int(rng.integers(3, 9))
        model = tiny_llama(layers=layers, hidden=32, heads=4, num_key_value_heads=1)
        wanted = config(rank, alpha, targets, "CAUSAL_LM")
        got, call = called(learner, wanted, model)
        tensors = saved_tensors(wanted, model)
        right, layer = size_of(tensors), size_of(tensors, "layers.0.")
        assert got != right // rank * alpha, f"{call} gave {got}: alpha in place of the rank. Alpha only scales, it takes no room."
        assert got != 4 * 2 * rank * 32 * len(targets) * layers or got == right, (
            f"{call} gave {got}, as if all matrices were square. Look at each layer's `in_features` and `out_features`: here keys and values are narrower, and the feed-forward is wider."
        )
        assert got * 4 != right, f"{call} gave {got}, a number of elements. Bytes are asked for: four for each."
        assert got != layer, f"{call} gave {got}, which is one layer of {layers}. Every layer has factors of its own."
        assert got == right, (
            f"{call} gave {got}, where peft's saved tensors take another number of bytes. Go through the linear layers whose last name is a target."
        )


@pytest.mark.points(2)
def test_a_classifier_saves_its_head(learner, rng):
    """With the task type SEQ_CLS the head is in the file too, whole, with its bias."""
    for model, targets in (
        (tiny_bert(hidden=16, labels=int(rng.integers(3, 9))), ["query"]),
        (tiny_distilbert(hidden=16, labels=3), ["v_lin"]),
    ):
        wanted = config(3, 7, targets, "SEQ_CLS")
        got, call = called(learner, wanted, model)
        tensors = saved_tensors(wanted, model)
        assert got != size_of(tensors, "lora_"), (
            f"{call} gave {got}, the factors alone. The head of a classifier is new: peft saves it with them."
        )
        assert got != size_of(tensors) - sum(t.nbytes for n, t in tensors.items() if "lora_" not in n and n.endswith("bias")), (
            f"{call} gave {got}, which leaves out the head's bias."
        )
        assert got == size_of(tensors), (
            f"{call} gave {got}. The file holds the factors and the whole head, all that isn't in `model.base_model`."
        )


@pytest.mark.points(2)
def test_no_head_without_the_task(learner):
    """A language model's last layer isn't saved, and neither is a classifier's head when the task type is missing."""
    for model, targets, task in (
        (tiny_llama(hidden=32), ["q_proj"], "CAUSAL_LM"),
        (tiny_llama(hidden=32, tie_word_embeddings=True), ["q_proj"], "CAUSAL_LM"),
        (tiny_bert(hidden=16), ["query"], None),
    ):
        wanted = config(3, 7, targets, task)
        got, call = called(learner, wanted, model)
        right = size_of(saved_tensors(wanted, model))
        assert got <= right, (
            f"{call} with the task type {task}, gave {got}: more than the factors. Only with SEQ_CLS is anything else saved."
        )
        assert got == right, f"{call} with the task type {task}, gave {got}. The factors of every target layer are saved."


@pytest.mark.points(2)
def test_the_heads_own_layers_get_no_factors(learner):
    """A layer of the head whose name is a target too is saved whole, and gets no factors."""
    for model in (tiny_roberta(hidden=16), tiny_electra(hidden=16)):
        wanted = config(2, 4, ["dense"], "SEQ_CLS")
        got, call = called(learner, wanted, model)
        right = size_of(saved_tensors(wanted, model))
        assert got != right + 4 * 2 * (16 + 16), (
            f"{call} gave {got}, with factors for `classifier.dense`. The head is trained whole: look for targets in `model.base_model` only."
        )
        assert got == right, f"{call} gave {got}. Factors for each `dense` of the base model, and the head whole."


@pytest.mark.points(1)
def test_model_and_config_are_left_alone(learner):
    """Model and configuration are only looked at: no layer is replaced, nothing frozen, no field filled in."""
    model, wanted = tiny_bert(hidden=16), config(2, 4, ["query"], "SEQ_CLS")
    got, call = called(learner, wanted, model)
    left, seen = learner.last.args
    assert seen is model, (
        f"{call} put adapters into the model. `get_peft_model` changes the model that it is given: count, or let it work on a deep copy."
    )
    assert all(p.requires_grad for p in model.parameters()), f"{call} froze parameters of the model."
    assert getattr(left, "modules_to_save", "gone") is None, (
        f"{call} changed the configuration: its modules_to_save was None. `get_peft_model` fills it in: give it a copy of the configuration as well."
    )
    assert got == size_of(saved_tensors(wanted, model)), f"{call} gave {got}."


@pytest.mark.points(2)
def test_the_real_models(learner):
    """For MiniLM and SmolLM2 the number is that of the files one would get."""
    from transformers import AutoConfig

    from tunelab import assets

    mini, smol = (AutoConfig.from_pretrained(assets.folder(name), local_files_only=True) for name in ("minilm", "smollm2"))
    handle = learner.make(minilm_classifier)
    got = learner.adapter_size(config(8, 16, ["query", "value"], "SEQ_CLS"), handle)
    call = "adapter_size(config, model), on MiniLM, rank 8, targets ['query', 'value'],"
    expect.integer(got, call=call)
    h = mini.hidden_size
    assert got == 4 * (mini.num_hidden_layers * 2 * 8 * 2 * h + 2 * h + 2), f"{call} gave {got}. The head of two classes belongs to it."
    handle = learner.make(smollm2)
    got = learner.adapter_size(config(8, 16, ["q_proj", "v_proj"], "CAUSAL_LM"), handle)
    call = "adapter_size(config, model), on SmolLM2, rank 8, targets ['q_proj', 'v_proj'],"
    expect.integer(got, call=call)
    h, narrow = smol.hidden_size, smol.num_key_value_heads * smol.head_dim
    assert got == 4 * smol.num_hidden_layers * 8 * (2 * h + h + narrow), (
        f"{call} gave {got}. Its values have {narrow} outputs, its queries {h}."
    )
