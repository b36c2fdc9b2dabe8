"""Hidden suite of `lora_config`."""

import pytest
import torch

from tunelab import expect
from tunelab.codec import Fields
from tunelab.learner import LearnerError
from tunelab.models import tiny_bert, tiny_distilbert, tiny_electra, tiny_llama, tiny_roberta


def named(value):
    """An enumeration's value, or the text itself."""
    return value.value if isinstance(value, Fields) and "value" in value.fields else value


def called(learner, model, rank, alpha, targets, *more):
    call = f"lora_config(model, {rank}, {alpha}, {targets}{''.join(f', {m}' for m in more)}), on a {type(model).__name__},"
    got = learner.lora_config(model, rank, alpha, targets, *more)
    expect.value(got, call=call)
    kind = got.type_name if isinstance(got, Fields) else type(got).__name__
    assert kind == "LoraConfig", f"{call} gave a {kind}. A `peft.LoraConfig` is asked for."
    return got, call


def rebuilt(got, call):
    """The same configuration on this side, from the fields that matter."""
    from peft import LoraConfig

    names = ("r", "lora_alpha", "lora_dropout", "target_modules", "modules_to_save", "bias", "use_rslora", "use_dora")
    fields = {name: getattr(got, name) for name in names}
    fields = {name: sorted(value) if isinstance(value, set) else value for name, value in fields.items()}
    try:
        return LoraConfig(task_type=named(got.task_type), **fields)
    except (ValueError, TypeError) as error:
        raise AssertionError(f"{call} gave a configuration that peft refuses: {str(error)[:150]}") from None


def adapted(got, model, call):
    """The model with adapters as peft makes them of the configuration."""
    from peft import get_peft_model

    try:
        return get_peft_model(model, rebuilt(got, call))
    except (ValueError, TypeError, AttributeError) as error:
        kind = type(model).__name__
        right = "SEQ_CLS" if kind.endswith("ForSequenceClassification") else "CAUSAL_LM"
        why = "" if named(got.task_type) == right else f" Its task type is {named(got.task_type)!r}, which doesn't fit a {kind}."
        raise AssertionError(f"{call} gave a configuration that peft can't use on this model.{why} peft says: {str(error)[:150]}") from None


@pytest.mark.points(2)
def test_rank_and_alpha(learner, rng):
    """The configuration has the rank and the alpha that were asked for, each in its own field."""
    for _ in range(2):
        rank, alpha = int(rng.choice([3, 5, 6, 7, 9, 11])), int(rng.integers(13, 40))  # neither is 8, what peft takes by itself
        got, call = called(learner, tiny_bert(hidden=16), rank, alpha, ["query", "value"])
        assert got.r != alpha and got.lora_alpha != rank, (
            f"{call} gave r = {got.r} and lora_alpha = {got.lora_alpha}. Rank and alpha are two things: `r` is the rank, `lora_alpha` what scales."
        )
        assert got.r == rank, f"{call} gave r = {got.r}. peft calls the rank `r`; left out, it is 8."
        assert got.lora_alpha == alpha, f"{call} gave lora_alpha = {got.lora_alpha}. Left out, it is 8, whatever the rank."
        assert not got.use_rslora, f"{call} scales by alpha over the root of the rank (use_rslora). alpha / rank is asked for."


@pytest.mark.points(2)
def test_the_targets(learner):
    """Exactly the layers that were asked for get factors, on models of several families."""
    cases = (
        (tiny_bert(hidden=16), ["key", "dense"]),
        (tiny_distilbert(hidden=16), ["q_lin", "lin2"]),
        (tiny_llama(hidden=32, heads=4, num_key_value_heads=2), ["k_proj", "down_proj"]),
    )
    for model, targets in cases:
        got, call = called(learner, model, 2, 4, targets)
        assert got.target_modules is not None, (
            f"{call} names no targets. Left out, peft chooses by the family: query and value, or their like."
        )
        with_factors = {name for name, _ in adapted(got, model, call).named_parameters() if "lora_A" in name}
        last = {name.split(".lora_A")[0].split(".")[-1] for name in with_factors}
        assert last == set(targets), (
            f"{call} puts factors on the layers called {', '.join(sorted(last))}. Those that `targets` names get some, and no others."
        )


@pytest.mark.points(3)
def test_a_classifier_keeps_its_head(learner):
    """For a classifier the head is trained and saved with the adapter: that hangs on the task type."""
    from peft.utils import get_peft_model_state_dict
    from transformers import LlamaForSequenceClassification

    small = tiny_llama(hidden=32).config
    small.num_labels = 3
    for model in (tiny_bert(hidden=16), tiny_roberta(hidden=16), tiny_electra(hidden=16), LlamaForSequenceClassification(small)):
        targets = ["q_proj"] if hasattr(model, "score") else ["query"]
        got, call = called(learner, model, 2, 4, targets)
        assert named(got.task_type) == "SEQ_CLS", (
            f"{call} gave the task type {named(got.task_type)!r}. A sequence classifier is SEQ_CLS. With any other type peft neither trains nor saves the head: the file would "
            "hold the factors alone, and the classifier be random when it is loaded."
        )
        wrapped = adapted(got, model, call)
        saved = [name for name in get_peft_model_state_dict(wrapped, save_embedding_layers=False) if "lora_" not in name]
        assert saved, f"{call} gave a configuration with which the head isn't saved."
        inside = [name for name in saved if ".classifier." not in name and ".score." not in name]
        assert not inside, f"{call} saves {inside[0]} whole. Factors and head are all that is wanted."
        trained = [
            name for name, p in wrapped.named_parameters() if p.requires_grad and "lora_" not in name and "modules_to_save" not in name
        ]
        assert not trained, f"{call} trains {trained[0]} as well. Leave `bias` and the like at their defaults."


@pytest.mark.points(2)
def test_a_language_model_has_no_head_to_save(learner):
    """For a language model the task type is another, and nothing but factors is trained and saved."""
    from peft.utils import get_peft_model_state_dict

    for tied in (False, True):
        model = tiny_llama(hidden=32, heads=4, num_key_value_heads=2, tie_word_embeddings=tied)
        got, call = called(learner, model, 2, 4, ["q_proj", "v_proj"])
        assert named(got.task_type) == "CAUSAL_LM", (
            f"{call} gave the task type {named(got.task_type)!r}. A causal language model is CAUSAL_LM"
            + ("; as a classifier it would be asked for a head that it hasn't got." if named(got.task_type) == "SEQ_CLS" else ".")
        )
        wrapped = adapted(got, model, call)
        saved = [name for name in get_peft_model_state_dict(wrapped, save_embedding_layers=False) if "lora_" not in name]
        assert not saved, f"{call} saves {saved[0]}. A language model's last layer comes pretrained: factors are all that is saved."


@pytest.mark.points(1)
def test_dropout(learner, rng):
    """Dropout is the one that was asked for, and 0 when it is left out."""
    rate = round(float(rng.uniform(0.05, 0.4)), 3)
    got, call = called(learner, tiny_bert(hidden=16), 2, 4, ["query"], rate)
    assert got.lora_dropout == rate, (
        f"{call} gave lora_dropout = {got.lora_dropout}. The last argument, `dropout`, goes there; what isn't passed on, peft takes to be 0."
    )
    got, call = called(learner, tiny_bert(hidden=16), 2, 4, ["query"])
    assert got.lora_dropout == 0, f"{call} gave lora_dropout = {got.lora_dropout}. Left out, there is none."


@pytest.mark.points(1)
def test_a_target_that_is_not_there(learner):
    """A target that names no linear layer of the base model is refused by name. peft passes over it, as long as another one is found."""
    cases = (
        (tiny_bert(hidden=16), ["query", "q_proj"], "q_proj"),
        (tiny_llama(hidden=16), ["value", "v_proj"], "value"),
        (tiny_roberta(hidden=16), ["query", "out_proj"], "out_proj"),
    )
    for model, targets, wrong in cases:
        call = f"lora_config(model, 2, 4, {targets}), on a {type(model).__name__},"
        try:
            learner.lora_config(model, 2, 4, targets)
        except ValueError as error:
            assert wrong in str(error), (
                f"{call} raised a ValueError that says {str(error)[:80]!r}. Name the target that matches nothing: {wrong!r}."
            )
        else:
            raise AssertionError(f"{call} raised nothing, though no linear layer of the base model is called {wrong!r}.")


@pytest.mark.points(1)
def test_other_models_are_refused(learner):
    """A model that is neither a sequence classifier nor a language model is refused with a ValueError that names `model`."""
    from transformers import BertForTokenClassification

    for model in (tiny_bert(hidden=16).base_model, BertForTokenClassification(tiny_bert(hidden=16).config)):
        call = f"lora_config(model, 2, 4, ['query']), on a {type(model).__name__},"
        try:
            learner.lora_config(model, 2, 4, ["query"])
        except ValueError as error:
            assert "model" in str(error), f"{call} raised a ValueError that says {str(error)[:80]!r}. Name `model` in it."
        except (AttributeError, TypeError, KeyError, LearnerError) as error:
            raise AssertionError(
                f"{call} raised {type(error).__name__}: {str(error)[:100]}. It is neither a sequence classifier nor a language model: look at the name of its "
                "class before anything else, and raise a ValueError."
            ) from None
        else:
            raise AssertionError(
                f"{call} raised nothing, though it is neither a sequence classifier nor a causal language model. No task type fits it: a ValueError that names "
                "`model` is asked for."
            )


@pytest.mark.points(1)
def test_the_model_is_left_alone(learner):
    """To make a configuration changes nothing in the model: no layer is replaced, nothing frozen."""
    model = tiny_bert(hidden=16)
    before = [(name, p.detach().clone()) for name, p in model.named_parameters()]
    called(learner, model, 2, 4, ["query"])
    left = learner.last.args[0]
    assert left is model, (
        "lora_config(model, 2, 4, ['query']) replaced layers of the model. It only says what is to be done; peft does it later."
    )
    after = dict(model.named_parameters())
    assert all(torch.equal(data, after[name]) and after[name].requires_grad for name, data in before), (
        "lora_config(model, 2, 4, ['query']) froze or changed weights of the model. It only says what is to be done."
    )
