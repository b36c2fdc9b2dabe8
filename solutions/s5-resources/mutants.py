"""Wrong answers of "Fitting it in", each with the misconception behind it."""

import random

import torch
from torch import nn

from autograder.authoring import mutant

# ---------------------------------------------------------------- training_hours


@mutant("training_hours", caught_by="test_when_everything_is_trained", says="as if there were only the way forward")
def forward_alone(forward, backward, trainable, tokens, flops_per_second, utilisation):
    """Two operations per weight and token, as in use."""
    if flops_per_second <= 0 or not 0 < utilisation <= 1:
        raise ValueError("no such machine")
    return 2 * forward * tokens / (flops_per_second * utilisation) / 3600


@mutant("training_hours", caught_by="test_when_everything_is_trained", says="multiplied by the utilisation")
def utilisation_multiplied(forward, backward, trainable, tokens, flops_per_second, utilisation):
    """A machine that is used to a half would be done in half the time."""
    if flops_per_second <= 0 or not 0 < utilisation <= 1:
        raise ValueError("no such machine")
    return 2 * (forward + backward + trainable) * tokens / flops_per_second * utilisation / 3600


@mutant("training_hours", caught_by="test_when_everything_is_trained", says="The utilisation is left out")
def the_brochure(forward, backward, trainable, tokens, flops_per_second, utilisation):
    """Takes the machine at its word."""
    if flops_per_second <= 0 or not 0 < utilisation <= 1:
        raise ValueError("no such machine")
    return 2 * (forward + backward + trainable) * tokens / flops_per_second / 3600


@mutant("training_hours", caught_by="test_when_everything_is_trained", says="Those are seconds")
def seconds(forward, backward, trainable, tokens, flops_per_second, utilisation):
    """Stops before the last division."""
    if flops_per_second <= 0 or not 0 < utilisation <= 1:
        raise ValueError("no such machine")
    return 2 * (forward + backward + trainable) * tokens / (flops_per_second * utilisation)


@mutant("training_hours", caught_by="test_when_everything_is_trained", says="a multiplication and an addition")
def multiplications_alone(forward, backward, trainable, tokens, flops_per_second, utilisation):
    """Counts one operation per weight."""
    if flops_per_second <= 0 or not 0 < utilisation <= 1:
        raise ValueError("no such machine")
    return (forward + backward + trainable) * tokens / (flops_per_second * utilisation) / 3600


@mutant("training_hours", caught_by="test_when_layers_are_frozen", says="as if all were trained")
def six_n_d_always(forward, backward, trainable, tokens, flops_per_second, utilisation):
    """Uses 6ND, whatever is frozen."""
    if flops_per_second <= 0 or not 0 < utilisation <= 1:
        raise ValueError("no such machine")
    return 6 * forward * tokens / (flops_per_second * utilisation) / 3600


@mutant("training_hours", caught_by="test_when_layers_are_frozen", says="as if only what is trained were computed")
def six_times_the_trained(forward, backward, trainable, tokens, flops_per_second, utilisation):
    """Takes the frozen weights to be free."""
    if flops_per_second <= 0 or not 0 < utilisation <= 1:
        raise ValueError("no such machine")
    return 6 * trainable * tokens / (flops_per_second * utilisation) / 3600


@mutant("training_hours", caught_by="test_a_machine_that_is_not_there", says="raised a ZeroDivisionError")
def nothing_refused(forward, backward, trainable, tokens, flops_per_second, utilisation):
    """Doesn't look at its arguments."""
    return 2 * (forward + backward + trainable) * tokens / (flops_per_second * utilisation) / 3600


@mutant("training_hours", caught_by="test_a_machine_that_is_not_there", says="where a ValueError is asked for")
def percent_welcome(forward, backward, trainable, tokens, flops_per_second, utilisation):
    """Lets 40 pass for 40 percent."""
    if flops_per_second <= 0 or utilisation <= 0:
        raise ValueError("no such machine")
    return 2 * (forward + backward + trainable) * tokens / (flops_per_second * utilisation) / 3600


@mutant("training_hours", caught_by="test_a_machine_that_is_not_there", says="with 1 itself")
def all_of_it_refused(forward, backward, trainable, tokens, flops_per_second, utilisation):
    """Refuses a machine that is used to the full."""
    if flops_per_second <= 0 or not 0 < utilisation < 1:
        raise ValueError("no such machine")
    return 2 * (forward + backward + trainable) * tokens / (flops_per_second * utilisation) / 3600


# ---------------------------------------------------------------- working_weights


@mutant("working_weights", caught_by="test_an_encoder_that_is_trained", says="counts all")
def all_parameters(model, batch):
    """Takes N to be all there is, embeddings too."""
    every = sum(p.numel() for p in model.parameters())
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return every, trained, trained


@mutant("working_weights", caught_by="test_an_encoder_that_is_trained", says="counts the embeddings")
def embeddings_counted(model, batch):
    """Counts look-up tables with the matrices."""
    counts = [0, 0, 0]

    def look(layer, inputs, output):
        for job, works in enumerate((True, inputs[0].requires_grad or isinstance(layer, nn.Embedding), layer.weight.requires_grad)):
            counts[job] += layer.weight.numel() * works

    hooks = [m.register_forward_hook(look) for m in model.modules() if isinstance(m, nn.Linear)]
    hooks += [m.register_forward_hook(look) for m in model.modules() if isinstance(m, nn.Embedding)]
    try:
        model(**batch)
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(counts)


@mutant("working_weights", caught_by="test_an_encoder_that_is_trained", says="biases of linear layers")
def biases_counted(model, batch):
    """Counts all parameters of linear layers."""
    counts = [0, 0, 0]

    def look(layer, inputs, output):
        size = sum(p.numel() for p in layer.parameters())
        for job, works in enumerate((True, inputs[0].requires_grad, layer.weight.requires_grad)):
            counts[job] += size * works

    hooks = [m.register_forward_hook(look) for m in model.modules() if isinstance(m, nn.Linear)]
    try:
        model(**batch)
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(counts)


@mutant("working_weights", caught_by="test_a_tied_head_works", says="leaves the output head out")
def tied_head_taken_for_a_table(model, batch):
    """Leaves out every matrix that is an embedding's as well."""
    tables = {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding)}
    counts = [0, 0, 0]

    def look(layer, inputs, output):
        if id(layer.weight) not in tables:
            for job, works in enumerate((True, inputs[0].requires_grad, layer.weight.requires_grad)):
                counts[job] += layer.weight.numel() * works

    hooks = [m.register_forward_hook(look) for m in model.modules() if isinstance(m, nn.Linear)]
    try:
        model(**batch)
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(counts)


@mutant("working_weights", caught_by="test_frozen_from_the_bottom", says="the same as what is trained")
def passed_on_where_trained(model, batch):
    """Takes frozen layers to pass nothing on."""
    counts = [0, 0, 0]

    def look(layer, inputs, output):
        for job, works in enumerate((True, layer.weight.requires_grad, layer.weight.requires_grad)):
            counts[job] += layer.weight.numel() * works

    hooks = [m.register_forward_hook(look) for m in model.modules() if isinstance(m, nn.Linear)]
    try:
        model(**batch)
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(counts)


@mutant("working_weights", caught_by="test_frozen_from_the_bottom", says="passes gradients through all layers")
def passed_through_all(model, batch):
    """Sends the gradient down to the first layer, wherever training ends."""
    layers = [m for m in model.modules() if isinstance(m, nn.Linear)]
    every = sum(m.weight.numel() for m in layers)
    return every, every, sum(m.weight.numel() for m in layers if m.weight.requires_grad)


@mutant("working_weights", caught_by="test_calls_count", says="that is never called")
def layers_for_calls(model, batch):
    """Adds up the linear layers that the model has, and asks only for the way back which are called."""
    below = set()

    def look(layer, inputs, output):
        if inputs[0].requires_grad:
            below.add(layer)

    layers = [m for m in model.modules() if isinstance(m, nn.Linear)]
    hooks = [m.register_forward_hook(look) for m in layers]
    try:
        model(**batch)
    finally:
        for hook in hooks:
            hook.remove()
    trained = sum(m.weight.numel() for m in layers if m.weight.requires_grad)
    return sum(m.weight.numel() for m in layers), sum(m.weight.numel() for m in below), trained


@mutant("working_weights", caught_by="test_the_model_is_left_alone", says="left hooks on the model")
def hooks_stay(model, batch):
    """Never removes its hooks."""
    counts = [0, 0, 0]

    def look(layer, inputs, output):
        for job, works in enumerate((True, inputs[0].requires_grad, layer.weight.requires_grad)):
            counts[job] += layer.weight.numel() * works

    for module in model.modules():
        if isinstance(module, nn.Linear):
            module.register_forward_hook(look)
    model(**batch)
    return tuple(counts)


@mutant("working_weights", caught_by="test_the_model_is_left_alone", says="in another mode")
def evaluation_mode_stays(model, batch):
    """Switches dropout off and doesn't switch it on again."""
    counts = [0, 0, 0]

    def look(layer, inputs, output):
        for job, works in enumerate((True, inputs[0].requires_grad, layer.weight.requires_grad)):
            counts[job] += layer.weight.numel() * works

    model.eval()
    hooks = [m.register_forward_hook(look) for m in model.modules() if isinstance(m, nn.Linear)]
    try:
        model(**batch)
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(counts)


@mutant("working_weights", caught_by="test_frozen_from_the_bottom", says="for the way forward")
def frozen_for_free(model, batch):
    """Takes frozen layers to cost nothing on the way forward either."""
    counts = [0, 0, 0]

    def look(layer, inputs, output):
        for job, works in enumerate((layer.weight.requires_grad, inputs[0].requires_grad, layer.weight.requires_grad)):
            counts[job] += layer.weight.numel() * works

    hooks = [m.register_forward_hook(look) for m in model.modules() if isinstance(m, nn.Linear)]
    try:
        model(**batch)
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(counts)


@mutant("working_weights", caught_by="test_adapters_train_little_and_pass_on_much", says="with gradients enabled")
def gradients_as_the_caller_has_them(model, batch):
    """Runs the model as the caller would."""
    counts = [0, 0, 0]

    def look(layer, inputs, output):
        for job, works in enumerate((True, inputs[0].requires_grad, layer.weight.requires_grad)):
            counts[job] += layer.weight.numel() * works

    hooks = [m.register_forward_hook(look) for m in model.modules() if isinstance(m, nn.Linear)]
    try:
        model(**batch)
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(counts)


@mutant("working_weights", caught_by="test_the_model_is_left_alone", says="counts the biases")
def biases_in_all_jobs(model, batch):
    """Counts a layer's bias with its weight."""
    counts = [0, 0, 0]

    def look(layer, inputs, output):
        for job, works in enumerate((True, inputs[0].requires_grad, layer.weight.requires_grad)):
            counts[job] += sum(p.numel() for p in layer.parameters()) * works

    hooks = [m.register_forward_hook(look) for m in model.modules() if isinstance(m, nn.Linear)]
    try:
        with torch.enable_grad():
            model(**batch)
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(counts)


@mutant("working_weights", caught_by="test_the_model_is_left_alone", says="Begin from zero")
def never_from_zero(model, batch):
    """Keeps its counts on the model, from call to call."""
    counts = model.__dict__.setdefault("counts", [0, 0, 0])

    def look(layer, inputs, output):
        for job, works in enumerate((True, inputs[0].requires_grad, layer.weight.requires_grad)):
            counts[job] += layer.weight.numel() * works

    hooks = [m.register_forward_hook(look) for m in model.modules() if isinstance(m, nn.Linear)]
    try:
        with torch.enable_grad():
            model(**batch)
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(counts)


# ---------------------------------------------------------------- training_memory


@mutant("training_memory", caught_by="test_gradients_and_states_are_of_what_is_trained", says="All weights are given averages")
def states_for_frozen_weights(config, batch, tokens, dtype, optimizer, trainable):
    """Gives the optimizer all weights."""
    from transformers import BertForSequenceClassification, LlamaForCausalLM

    families = {"bert": BertForSequenceClassification, "llama": LlamaForCausalLM}
    averages = {"adamw": 2, "sgd-momentum": 1, "sgd": 0}
    sizes = {"float32": 4, "bfloat16": 2}
    if config.model_type not in families or optimizer not in averages or dtype not in sizes:
        raise ValueError("not known")
    with torch.device("meta"):
        model = families[config.model_type](config)
    total, size = sum(p.numel() for p in model.parameters()), sizes[dtype]
    if not 0 <= trainable <= total:
        raise ValueError("so many can't be trained")
    hidden, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    if config.model_type == "bert":
        kept = layers * (8 * hidden + 2 * inner) + 2 * hidden
    else:
        heads = config.head_dim * (config.num_attention_heads + config.num_key_value_heads)
        kept = layers * (6 * hidden + 2 * heads + 4 * inner) + 3 * hidden + config.vocab_size
    copies = averages[optimizer] + (dtype == "bfloat16")
    activations = size * kept * batch * tokens if trainable else 0
    mib = 2**20
    return MemoryPlan(size * total / mib, size * trainable / mib, 4 * copies * total / mib, activations / mib)


@mutant("training_memory", caught_by="test_gradients_and_states_are_of_what_is_trained", says="All weights are given a gradient")
def gradients_for_frozen_weights(config, batch, tokens, dtype, optimizer, trainable):
    """Gives a gradient to every weight."""
    from transformers import BertForSequenceClassification, LlamaForCausalLM

    families = {"bert": BertForSequenceClassification, "llama": LlamaForCausalLM}
    averages = {"adamw": 2, "sgd-momentum": 1, "sgd": 0}
    sizes = {"float32": 4, "bfloat16": 2}
    if config.model_type not in families or optimizer not in averages or dtype not in sizes:
        raise ValueError("not known")
    with torch.device("meta"):
        model = families[config.model_type](config)
    total, size = sum(p.numel() for p in model.parameters()), sizes[dtype]
    if not 0 <= trainable <= total:
        raise ValueError("so many can't be trained")
    hidden, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    if config.model_type == "bert":
        kept = layers * (8 * hidden + 2 * inner) + 2 * hidden
    else:
        heads = config.head_dim * (config.num_attention_heads + config.num_key_value_heads)
        kept = layers * (6 * hidden + 2 * heads + 4 * inner) + 3 * hidden + config.vocab_size
    copies = averages[optimizer] + (dtype == "bfloat16")
    activations = size * kept * batch * tokens if trainable else 0
    mib = 2**20
    return MemoryPlan(size * total / mib, size * total / mib, 4 * copies * trainable / mib, activations / mib)


@mutant("training_memory", caught_by="test_sixteen_bits", says="Those are 4 bytes a weight")
def four_bytes_for_bfloat16(config, batch, tokens, dtype, optimizer, trainable):
    """Takes every number to have 4 bytes."""
    from transformers import BertForSequenceClassification, LlamaForCausalLM

    families = {"bert": BertForSequenceClassification, "llama": LlamaForCausalLM}
    averages = {"adamw": 2, "sgd-momentum": 1, "sgd": 0}
    sizes = {"float32": 4, "bfloat16": 4}
    if config.model_type not in families or optimizer not in averages or dtype not in sizes:
        raise ValueError("not known")
    with torch.device("meta"):
        model = families[config.model_type](config)
    total, size = sum(p.numel() for p in model.parameters()), sizes[dtype]
    if not 0 <= trainable <= total:
        raise ValueError("so many can't be trained")
    hidden, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    if config.model_type == "bert":
        kept = layers * (8 * hidden + 2 * inner) + 2 * hidden
    else:
        heads = config.head_dim * (config.num_attention_heads + config.num_key_value_heads)
        kept = layers * (6 * hidden + 2 * heads + 4 * inner) + 3 * hidden + config.vocab_size
    copies = averages[optimizer] + (dtype == "bfloat16")
    activations = size * kept * batch * tokens if trainable else 0
    mib = 2**20
    return MemoryPlan(size * total / mib, size * trainable / mib, 4 * copies * trainable / mib, activations / mib)


@mutant("training_memory", caught_by="test_sixteen_bits", says="The optimizer works in float32")
def averages_in_sixteen_bits(config, batch, tokens, dtype, optimizer, trainable):
    """Keeps averages and copies in the dtype of the weights."""
    from transformers import BertForSequenceClassification, LlamaForCausalLM

    families = {"bert": BertForSequenceClassification, "llama": LlamaForCausalLM}
    averages = {"adamw": 2, "sgd-momentum": 1, "sgd": 0}
    sizes = {"float32": 4, "bfloat16": 2}
    if config.model_type not in families or optimizer not in averages or dtype not in sizes:
        raise ValueError("not known")
    with torch.device("meta"):
        model = families[config.model_type](config)
    total, size = sum(p.numel() for p in model.parameters()), sizes[dtype]
    if not 0 <= trainable <= total:
        raise ValueError("so many can't be trained")
    hidden, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    if config.model_type == "bert":
        kept = layers * (8 * hidden + 2 * inner) + 2 * hidden
    else:
        heads = config.head_dim * (config.num_attention_heads + config.num_key_value_heads)
        kept = layers * (6 * hidden + 2 * heads + 4 * inner) + 3 * hidden + config.vocab_size
    copies = averages[optimizer] + (dtype == "bfloat16")
    activations = size * kept * batch * tokens if trainable else 0
    mib = 2**20
    return MemoryPlan(size * total / mib, size * trainable / mib, size * copies * trainable / mib, activations / mib)


@mutant("training_memory", caught_by="test_sixteen_bits", says="The master copies are missing")
def no_master_copies(config, batch, tokens, dtype, optimizer, trainable):
    """Forgets that the optimizer keeps the weights in float32."""
    from transformers import BertForSequenceClassification, LlamaForCausalLM

    families = {"bert": BertForSequenceClassification, "llama": LlamaForCausalLM}
    averages = {"adamw": 2, "sgd-momentum": 1, "sgd": 0}
    sizes = {"float32": 4, "bfloat16": 2}
    if config.model_type not in families or optimizer not in averages or dtype not in sizes:
        raise ValueError("not known")
    with torch.device("meta"):
        model = families[config.model_type](config)
    total, size = sum(p.numel() for p in model.parameters()), sizes[dtype]
    if not 0 <= trainable <= total:
        raise ValueError("so many can't be trained")
    hidden, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    if config.model_type == "bert":
        kept = layers * (8 * hidden + 2 * inner) + 2 * hidden
    else:
        heads = config.head_dim * (config.num_attention_heads + config.num_key_value_heads)
        kept = layers * (6 * hidden + 2 * heads + 4 * inner) + 3 * hidden + config.vocab_size
    copies = averages[optimizer]
    activations = size * kept * batch * tokens if trainable else 0
    mib = 2**20
    return MemoryPlan(size * total / mib, size * trainable / mib, 4 * copies * trainable / mib, activations / mib)


@mutant("training_memory", caught_by="test_the_weights_of_an_encoder", says="Those are MB, of 1,000,000 bytes")
def megabytes_for_mebibytes(config, batch, tokens, dtype, optimizer, trainable):
    """Divides by a million."""
    from transformers import BertForSequenceClassification, LlamaForCausalLM

    families = {"bert": BertForSequenceClassification, "llama": LlamaForCausalLM}
    averages = {"adamw": 2, "sgd-momentum": 1, "sgd": 0}
    sizes = {"float32": 4, "bfloat16": 2}
    if config.model_type not in families or optimizer not in averages or dtype not in sizes:
        raise ValueError("not known")
    with torch.device("meta"):
        model = families[config.model_type](config)
    total, size = sum(p.numel() for p in model.parameters()), sizes[dtype]
    if not 0 <= trainable <= total:
        raise ValueError("so many can't be trained")
    hidden, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    if config.model_type == "bert":
        kept = layers * (8 * hidden + 2 * inner) + 2 * hidden
    else:
        heads = config.head_dim * (config.num_attention_heads + config.num_key_value_heads)
        kept = layers * (6 * hidden + 2 * heads + 4 * inner) + 3 * hidden + config.vocab_size
    copies = averages[optimizer] + (dtype == "bfloat16")
    activations = size * kept * batch * tokens if trainable else 0
    mib = 1e6
    return MemoryPlan(size * total / mib, size * trainable / mib, 4 * copies * trainable / mib, activations / mib)


@mutant("training_memory", caught_by="test_the_weights_of_an_encoder", says="Those are bytes")
def plain_bytes(config, batch, tokens, dtype, optimizer, trainable):
    """Leaves out the unit."""
    from transformers import BertForSequenceClassification, LlamaForCausalLM

    families = {"bert": BertForSequenceClassification, "llama": LlamaForCausalLM}
    averages = {"adamw": 2, "sgd-momentum": 1, "sgd": 0}
    sizes = {"float32": 4, "bfloat16": 2}
    if config.model_type not in families or optimizer not in averages or dtype not in sizes:
        raise ValueError("not known")
    with torch.device("meta"):
        model = families[config.model_type](config)
    total, size = sum(p.numel() for p in model.parameters()), sizes[dtype]
    if not 0 <= trainable <= total:
        raise ValueError("so many can't be trained")
    hidden, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    if config.model_type == "bert":
        kept = layers * (8 * hidden + 2 * inner) + 2 * hidden
    else:
        heads = config.head_dim * (config.num_attention_heads + config.num_key_value_heads)
        kept = layers * (6 * hidden + 2 * heads + 4 * inner) + 3 * hidden + config.vocab_size
    copies = averages[optimizer] + (dtype == "bfloat16")
    activations = size * kept * batch * tokens if trainable else 0
    mib = 1.0
    return MemoryPlan(size * total / mib, size * trainable / mib, 4 * copies * trainable / mib, activations / mib)


@mutant("training_memory", caught_by="test_the_weights_of_a_decoder", says="as wide as queries")
def keys_as_wide_as_queries(config, batch, tokens, dtype, optimizer, trainable):
    """Takes all heads to have keys and values of their own."""
    from transformers import BertForSequenceClassification, LlamaForCausalLM

    families = {"bert": BertForSequenceClassification, "llama": LlamaForCausalLM}
    averages = {"adamw": 2, "sgd-momentum": 1, "sgd": 0}
    sizes = {"float32": 4, "bfloat16": 2}
    if config.model_type not in families or optimizer not in averages or dtype not in sizes:
        raise ValueError("not known")
    if config.model_type == "llama":
        config = type(config)(**{**config.to_dict(), "num_key_value_heads": config.num_attention_heads})
    with torch.device("meta"):
        model = families[config.model_type](config)
    total, size = sum(p.numel() for p in model.parameters()), sizes[dtype]
    if not 0 <= trainable <= total:
        raise ValueError("so many can't be trained")
    hidden, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    if config.model_type == "bert":
        kept = layers * (8 * hidden + 2 * inner) + 2 * hidden
    else:
        heads = config.head_dim * (config.num_attention_heads + config.num_key_value_heads)
        kept = layers * (6 * hidden + 2 * heads + 4 * inner) + 3 * hidden + config.vocab_size
    copies = averages[optimizer] + (dtype == "bfloat16")
    activations = size * kept * batch * tokens if trainable else 0
    mib = 2**20
    return MemoryPlan(size * total / mib, size * trainable / mib, 4 * copies * trainable / mib, activations / mib)


@mutant("training_memory", caught_by="test_the_weights_of_a_decoder", says="though it is tied")
def tied_head_twice(config, batch, tokens, dtype, optimizer, trainable):
    """Counts a tied head as a matrix of its own."""
    from transformers import BertForSequenceClassification, LlamaForCausalLM

    families = {"bert": BertForSequenceClassification, "llama": LlamaForCausalLM}
    averages = {"adamw": 2, "sgd-momentum": 1, "sgd": 0}
    sizes = {"float32": 4, "bfloat16": 2}
    if config.model_type not in families or optimizer not in averages or dtype not in sizes:
        raise ValueError("not known")
    with torch.device("meta"):
        model = families[config.model_type](config)
    total, size = sum(p.numel() for p in model.parameters()), sizes[dtype]
    if config.model_type == "llama" and config.tie_word_embeddings:
        total += config.vocab_size * config.hidden_size
    if not 0 <= trainable <= total:
        raise ValueError("so many can't be trained")
    hidden, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    if config.model_type == "bert":
        kept = layers * (8 * hidden + 2 * inner) + 2 * hidden
    else:
        heads = config.head_dim * (config.num_attention_heads + config.num_key_value_heads)
        kept = layers * (6 * hidden + 2 * heads + 4 * inner) + 3 * hidden + config.vocab_size
    copies = averages[optimizer] + (dtype == "bfloat16")
    activations = size * kept * batch * tokens if trainable else 0
    mib = 2**20
    return MemoryPlan(size * total / mib, size * trainable / mib, 4 * copies * trainable / mib, activations / mib)


@mutant("training_memory", caught_by="test_the_weights_of_an_encoder", says="The classifier's head is missing")
def the_bare_encoder(config, batch, tokens, dtype, optimizer, trainable):
    """Leaves the head out."""
    from transformers import BertForSequenceClassification, LlamaForCausalLM

    families = {"bert": BertForSequenceClassification, "llama": LlamaForCausalLM}
    averages = {"adamw": 2, "sgd-momentum": 1, "sgd": 0}
    sizes = {"float32": 4, "bfloat16": 2}
    if config.model_type not in families or optimizer not in averages or dtype not in sizes:
        raise ValueError("not known")
    with torch.device("meta"):
        model = families[config.model_type](config)
    total, size = sum(p.numel() for p in model.base_model.parameters()), sizes[dtype]
    if not 0 <= trainable <= total:
        raise ValueError("so many can't be trained")
    hidden, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    if config.model_type == "bert":
        kept = layers * (8 * hidden + 2 * inner) + 2 * hidden
    else:
        heads = config.head_dim * (config.num_attention_heads + config.num_key_value_heads)
        kept = layers * (6 * hidden + 2 * heads + 4 * inner) + 3 * hidden + config.vocab_size
    copies = averages[optimizer] + (dtype == "bfloat16")
    activations = size * kept * batch * tokens if trainable else 0
    mib = 2**20
    return MemoryPlan(size * total / mib, size * trainable / mib, 4 * copies * trainable / mib, activations / mib)


@mutant("training_memory", caught_by="test_the_weights_of_an_encoder", says="Only the trained weights are counted")
def trained_weights_alone(config, batch, tokens, dtype, optimizer, trainable):
    """Takes frozen weights to need no room."""
    from transformers import BertForSequenceClassification, LlamaForCausalLM

    families = {"bert": BertForSequenceClassification, "llama": LlamaForCausalLM}
    averages = {"adamw": 2, "sgd-momentum": 1, "sgd": 0}
    sizes = {"float32": 4, "bfloat16": 2}
    if config.model_type not in families or optimizer not in averages or dtype not in sizes:
        raise ValueError("not known")
    with torch.device("meta"):
        model = families[config.model_type](config)
    total, size = sum(p.numel() for p in model.parameters()), sizes[dtype]
    if not 0 <= trainable <= total:
        raise ValueError("so many can't be trained")
    hidden, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    if config.model_type == "bert":
        kept = layers * (8 * hidden + 2 * inner) + 2 * hidden
    else:
        heads = config.head_dim * (config.num_attention_heads + config.num_key_value_heads)
        kept = layers * (6 * hidden + 2 * heads + 4 * inner) + 3 * hidden + config.vocab_size
    copies = averages[optimizer] + (dtype == "bfloat16")
    activations = size * kept * batch * tokens if trainable else 0
    mib = 2**20
    return MemoryPlan(size * trainable / mib, size * trainable / mib, 4 * copies * trainable / mib, activations / mib)


@mutant("training_memory", caught_by="test_gradients_and_states_are_of_what_is_trained", says="Those are two averages")
def momentum_taken_for_adam(config, batch, tokens, dtype, optimizer, trainable):
    """Gives every optimizer with a memory two averages."""
    from transformers import BertForSequenceClassification, LlamaForCausalLM

    families = {"bert": BertForSequenceClassification, "llama": LlamaForCausalLM}
    averages = {"adamw": 2, "sgd-momentum": 2, "sgd": 0}
    sizes = {"float32": 4, "bfloat16": 2}
    if config.model_type not in families or optimizer not in averages or dtype not in sizes:
        raise ValueError("not known")
    with torch.device("meta"):
        model = families[config.model_type](config)
    total, size = sum(p.numel() for p in model.parameters()), sizes[dtype]
    if not 0 <= trainable <= total:
        raise ValueError("so many can't be trained")
    hidden, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    if config.model_type == "bert":
        kept = layers * (8 * hidden + 2 * inner) + 2 * hidden
    else:
        heads = config.head_dim * (config.num_attention_heads + config.num_key_value_heads)
        kept = layers * (6 * hidden + 2 * heads + 4 * inner) + 3 * hidden + config.vocab_size
    copies = averages[optimizer] + (dtype == "bfloat16")
    activations = size * kept * batch * tokens if trainable else 0
    mib = 2**20
    return MemoryPlan(size * total / mib, size * trainable / mib, 4 * copies * trainable / mib, activations / mib)


@mutant("training_memory", caught_by="test_activations_are_about_what_torch_keeps", says="Each layer keeps its own")
def one_layer_kept(config, batch, tokens, dtype, optimizer, trainable):
    """Counts the activations of one layer."""
    from transformers import BertForSequenceClassification, LlamaForCausalLM

    families = {"bert": BertForSequenceClassification, "llama": LlamaForCausalLM}
    averages = {"adamw": 2, "sgd-momentum": 1, "sgd": 0}
    sizes = {"float32": 4, "bfloat16": 2}
    if config.model_type not in families or optimizer not in averages or dtype not in sizes:
        raise ValueError("not known")
    with torch.device("meta"):
        model = families[config.model_type](config)
    total, size = sum(p.numel() for p in model.parameters()), sizes[dtype]
    if not 0 <= trainable <= total:
        raise ValueError("so many can't be trained")
    hidden, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    if config.model_type == "bert":
        kept = (8 * hidden + 2 * inner) + 2 * hidden
    else:
        heads = config.head_dim * (config.num_attention_heads + config.num_key_value_heads)
        kept = (6 * hidden + 2 * heads + 4 * inner) + 3 * hidden + config.vocab_size
    copies = averages[optimizer] + (dtype == "bfloat16")
    activations = size * kept * batch * tokens if trainable else 0
    mib = 2**20
    return MemoryPlan(size * total / mib, size * trainable / mib, 4 * copies * trainable / mib, activations / mib)


@mutant("training_memory", caught_by="test_activations_are_about_what_torch_keeps", says="too few")
def logits_forgotten(config, batch, tokens, dtype, optimizer, trainable):
    """Leaves out what the loss keeps of a large vocabulary."""
    from transformers import BertForSequenceClassification, LlamaForCausalLM

    families = {"bert": BertForSequenceClassification, "llama": LlamaForCausalLM}
    averages = {"adamw": 2, "sgd-momentum": 1, "sgd": 0}
    sizes = {"float32": 4, "bfloat16": 2}
    if config.model_type not in families or optimizer not in averages or dtype not in sizes:
        raise ValueError("not known")
    with torch.device("meta"):
        model = families[config.model_type](config)
    total, size = sum(p.numel() for p in model.parameters()), sizes[dtype]
    if not 0 <= trainable <= total:
        raise ValueError("so many can't be trained")
    hidden, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    if config.model_type == "bert":
        kept = layers * (8 * hidden + 2 * inner) + 2 * hidden
    else:
        heads = config.head_dim * (config.num_attention_heads + config.num_key_value_heads)
        kept = layers * (6 * hidden + 2 * heads + 4 * inner) + 3 * hidden
    copies = averages[optimizer] + (dtype == "bfloat16")
    activations = size * kept * batch * tokens if trainable else 0
    mib = 2**20
    return MemoryPlan(size * total / mib, size * trainable / mib, 4 * copies * trainable / mib, activations / mib)


@mutant("training_memory", caught_by="test_activations_grow_with_the_batch", says="Each token of each text")
def whole_texts_for_tokens(config, batch, tokens, dtype, optimizer, trainable):
    """Forgets the texts of the batch."""
    from transformers import BertForSequenceClassification, LlamaForCausalLM

    families = {"bert": BertForSequenceClassification, "llama": LlamaForCausalLM}
    averages = {"adamw": 2, "sgd-momentum": 1, "sgd": 0}
    sizes = {"float32": 4, "bfloat16": 2}
    if config.model_type not in families or optimizer not in averages or dtype not in sizes:
        raise ValueError("not known")
    with torch.device("meta"):
        model = families[config.model_type](config)
    total, size = sum(p.numel() for p in model.parameters()), sizes[dtype]
    if not 0 <= trainable <= total:
        raise ValueError("so many can't be trained")
    hidden, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    if config.model_type == "bert":
        kept = layers * (8 * hidden + 2 * inner) + 2 * hidden
    else:
        heads = config.head_dim * (config.num_attention_heads + config.num_key_value_heads)
        kept = layers * (6 * hidden + 2 * heads + 4 * inner) + 3 * hidden + config.vocab_size
    copies = averages[optimizer] + (dtype == "bfloat16")
    activations = size * kept * tokens * 2 if trainable else 0
    mib = 2**20
    return MemoryPlan(size * total / mib, size * trainable / mib, 4 * copies * trainable / mib, activations / mib)


@mutant("training_memory", caught_by="test_activations_grow_with_the_batch", says="Without a way back")
def always_a_way_back(config, batch, tokens, dtype, optimizer, trainable):
    """Keeps activations though nothing is trained."""
    from transformers import BertForSequenceClassification, LlamaForCausalLM

    families = {"bert": BertForSequenceClassification, "llama": LlamaForCausalLM}
    averages = {"adamw": 2, "sgd-momentum": 1, "sgd": 0}
    sizes = {"float32": 4, "bfloat16": 2}
    if config.model_type not in families or optimizer not in averages or dtype not in sizes:
        raise ValueError("not known")
    with torch.device("meta"):
        model = families[config.model_type](config)
    total, size = sum(p.numel() for p in model.parameters()), sizes[dtype]
    if not 0 <= trainable <= total:
        raise ValueError("so many can't be trained")
    hidden, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    if config.model_type == "bert":
        kept = layers * (8 * hidden + 2 * inner) + 2 * hidden
    else:
        heads = config.head_dim * (config.num_attention_heads + config.num_key_value_heads)
        kept = layers * (6 * hidden + 2 * heads + 4 * inner) + 3 * hidden + config.vocab_size
    copies = averages[optimizer] + (dtype == "bfloat16")
    activations = size * kept * batch * tokens
    mib = 2**20
    return MemoryPlan(size * total / mib, size * trainable / mib, 4 * copies * trainable / mib, activations / mib)


@mutant("training_memory", caught_by="test_refusals", says="raised nothing")
def unknown_taken_for_float32(config, batch, tokens, dtype, optimizer, trainable):
    """Takes what it doesn't know for 4 bytes."""
    from transformers import BertForSequenceClassification, LlamaForCausalLM

    families = {"bert": BertForSequenceClassification, "llama": LlamaForCausalLM}
    averages = {"adamw": 2, "sgd-momentum": 1, "sgd": 0}
    sizes = {"float32": 4, "bfloat16": 2}
    if config.model_type not in families or optimizer not in averages:
        raise ValueError("not known")
    with torch.device("meta"):
        model = families[config.model_type](config)
    total, size = sum(p.numel() for p in model.parameters()), sizes.get(dtype, 4)
    if not 0 <= trainable <= total:
        raise ValueError("so many can't be trained")
    hidden, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    if config.model_type == "bert":
        kept = layers * (8 * hidden + 2 * inner) + 2 * hidden
    else:
        heads = config.head_dim * (config.num_attention_heads + config.num_key_value_heads)
        kept = layers * (6 * hidden + 2 * heads + 4 * inner) + 3 * hidden + config.vocab_size
    copies = averages[optimizer] + (dtype == "bfloat16")
    activations = size * kept * batch * tokens if trainable else 0
    mib = 2**20
    return MemoryPlan(size * total / mib, size * trainable / mib, 4 * copies * trainable / mib, activations / mib)


@mutant("training_memory", caught_by="test_activations_are_about_what_torch_keeps", says="which are narrower")
def keys_kept_as_wide_as_queries(config, batch, tokens, dtype, optimizer, trainable):
    """Counts what keys and values keep as if every head had its own."""
    from transformers import BertForSequenceClassification, LlamaForCausalLM

    families = {"bert": BertForSequenceClassification, "llama": LlamaForCausalLM}
    averages = {"adamw": 2, "sgd-momentum": 1, "sgd": 0}
    sizes = {"float32": 4, "bfloat16": 2}
    if config.model_type not in families or optimizer not in averages or dtype not in sizes:
        raise ValueError("not known")
    with torch.device("meta"):
        model = families[config.model_type](config)
    total, size = sum(p.numel() for p in model.parameters()), sizes[dtype]
    if not 0 <= trainable <= total:
        raise ValueError("so many can't be trained")
    hidden, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    if config.model_type == "bert":
        kept = layers * (8 * hidden + 2 * inner) + 2 * hidden
    else:
        heads = config.head_dim * 2 * config.num_attention_heads
        kept = layers * (6 * hidden + 2 * heads + 4 * inner) + 3 * hidden + config.vocab_size
    copies = averages[optimizer] + (dtype == "bfloat16")
    activations = size * kept * batch * tokens if trainable else 0
    mib = 2**20
    return MemoryPlan(size * total / mib, size * trainable / mib, 4 * copies * trainable / mib, activations / mib)


@mutant("training_memory", caught_by="test_refusals", says="`config.use_cache`")
def cache_switched_off(config, batch, tokens, dtype, optimizer, trainable):
    """Switches the cache off, as one does for training, in the caller's configuration."""
    from transformers import BertForSequenceClassification, LlamaForCausalLM

    families = {"bert": BertForSequenceClassification, "llama": LlamaForCausalLM}
    averages = {"adamw": 2, "sgd-momentum": 1, "sgd": 0}
    sizes = {"float32": 4, "bfloat16": 2}
    if config.model_type not in families or optimizer not in averages or dtype not in sizes:
        raise ValueError("not known")
    config.use_cache = False
    with torch.device("meta"):
        model = families[config.model_type](config)
    total, size = sum(p.numel() for p in model.parameters()), sizes[dtype]
    if not 0 <= trainable <= total:
        raise ValueError("so many can't be trained")
    hidden, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    if config.model_type == "bert":
        kept = layers * (8 * hidden + 2 * inner) + 2 * hidden
    else:
        heads = config.head_dim * (config.num_attention_heads + config.num_key_value_heads)
        kept = layers * (6 * hidden + 2 * heads + 4 * inner) + 3 * hidden + config.vocab_size
    copies = averages[optimizer] + (dtype == "bfloat16")
    activations = size * kept * batch * tokens if trainable else 0
    mib = 2**20
    return MemoryPlan(size * total / mib, size * trainable / mib, 4 * copies * trainable / mib, activations / mib)


@mutant("training_memory", caught_by="test_refusals", says="`config.dtype`")
def built_in_the_dtype(config, batch, tokens, dtype, optimizer, trainable):
    """Builds the model in the dtype, which is written into the caller's configuration."""
    from transformers import BertForSequenceClassification, LlamaForCausalLM

    families = {"bert": BertForSequenceClassification, "llama": LlamaForCausalLM}
    averages = {"adamw": 2, "sgd-momentum": 1, "sgd": 0}
    sizes = {"float32": 4, "bfloat16": 2}
    if config.model_type not in families or optimizer not in averages or dtype not in sizes:
        raise ValueError("not known")
    with torch.device("meta"):
        model = families[config.model_type]._from_config(config, dtype=getattr(torch, dtype))
    total, size = sum(p.numel() for p in model.parameters()), sizes[dtype]
    if not 0 <= trainable <= total:
        raise ValueError("so many can't be trained")
    hidden, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    if config.model_type == "bert":
        kept = layers * (8 * hidden + 2 * inner) + 2 * hidden
    else:
        heads = config.head_dim * (config.num_attention_heads + config.num_key_value_heads)
        kept = layers * (6 * hidden + 2 * heads + 4 * inner) + 3 * hidden + config.vocab_size
    copies = averages[optimizer] + (dtype == "bfloat16")
    activations = size * kept * batch * tokens if trainable else 0
    mib = 2**20
    return MemoryPlan(size * total / mib, size * trainable / mib, 4 * copies * trainable / mib, activations / mib)


@mutant("training_memory", caught_by="test_refusals", says="`config.tie_word_embeddings`")
def tied_for_a_moment(config, batch, tokens, dtype, optimizer, trainable):
    """Ties the head to count the rest by itself, and leaves it so."""
    from transformers import BertForSequenceClassification, LlamaForCausalLM

    families = {"bert": BertForSequenceClassification, "llama": LlamaForCausalLM}
    averages = {"adamw": 2, "sgd-momentum": 1, "sgd": 0}
    sizes = {"float32": 4, "bfloat16": 2}
    if config.model_type not in families or optimizer not in averages or dtype not in sizes:
        raise ValueError("not known")
    tied, config.tie_word_embeddings = config.tie_word_embeddings, True
    with torch.device("meta"):
        model = families[config.model_type](config)
        if not tied:
            model.lm_head.weight = nn.Parameter(torch.empty_like(model.lm_head.weight))
    total, size = sum(p.numel() for p in model.parameters()), sizes[dtype]
    if not 0 <= trainable <= total:
        raise ValueError("so many can't be trained")
    hidden, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    if config.model_type == "bert":
        kept = layers * (8 * hidden + 2 * inner) + 2 * hidden
    else:
        heads = config.head_dim * (config.num_attention_heads + config.num_key_value_heads)
        kept = layers * (6 * hidden + 2 * heads + 4 * inner) + 3 * hidden + config.vocab_size
    copies = averages[optimizer] + (dtype == "bfloat16")
    activations = size * kept * batch * tokens if trainable else 0
    mib = 2**20
    return MemoryPlan(size * total / mib, size * trainable / mib, 4 * copies * trainable / mib, activations / mib)


# ---------------------------------------------------------------- checkpointed


@mutant("checkpointed", caught_by="test_only_the_inputs_are_kept", says="as many as plain calls do")
def plain_calls(layers, x):
    """Calls the layers as always."""
    for layer in layers:
        x = layer(x)
    return x


@mutant("checkpointed", caught_by="test_the_same_gradients", says="cut the graph")
def gradients_cut(layers, x):
    """Detaches what goes from layer to layer."""
    from torch.utils.checkpoint import checkpoint

    for layer in layers:
        x = checkpoint(layer, x.detach(), use_reentrant=False)
    return x


@mutant("checkpointed", caught_by="test_the_same_gradients", says="without a graph")
def without_gradients(layers, x):
    """Saves memory by recording nothing."""
    with torch.no_grad():
        for layer in layers:
            x = layer(x)
    return x


@mutant("checkpointed", caught_by="test_the_same_numbers_are_dropped_again", says="after `backward()` x has no gradient")
def asked_for_afterwards(layers, x):
    """Computes without gradients, and asks for one of what comes out."""
    from torch.utils.checkpoint import checkpoint

    with torch.no_grad():
        for layer in layers:
            x = checkpoint(layer, x, use_reentrant=False)
    return x.requires_grad_()


@mutant("checkpointed", caught_by="test_the_same_gradients", says="use_reentrant=True")
def the_old_variant(layers, x):
    """Uses the variant that passes nothing to the weights when x needs no gradient."""
    from torch.utils.checkpoint import checkpoint

    for layer in layers:
        x = checkpoint(layer, x, use_reentrant=True)
    return x


@mutant("checkpointed", caught_by="test_the_same_numbers_are_dropped_again", says="random state has to be put back")
def random_state_not_kept(layers, x):
    """Saves the time for random states."""
    from torch.utils.checkpoint import checkpoint

    for layer in layers:
        x = checkpoint(layer, x, use_reentrant=False, preserve_rng_state=False)
    return x


@mutant("checkpointed", caught_by="test_only_the_inputs_are_kept", says="one checkpoint around several layers")
def one_around_all(layers, x):
    """Puts one checkpoint around the whole stack."""
    from torch.utils.checkpoint import checkpoint

    return checkpoint(nn.Sequential(*layers), x, use_reentrant=False) if len(layers) else x


@mutant("checkpointed", caught_by="test_only_the_inputs_are_kept", says="the last one too")
def last_one_plain(layers, x):
    """Uses `checkpoint_sequential`, which leaves the last piece as it is."""
    from torch.utils.checkpoint import checkpoint_sequential

    return checkpoint_sequential(list(layers), len(layers), x, use_reentrant=False) if len(layers) else x


@mutant("checkpointed", caught_by="test_the_same_numbers_are_dropped_again", says="leave them in it")
def dropout_switched_off(layers, x):
    """Makes both times alike by switching dropout off."""
    from torch.utils.checkpoint import checkpoint

    layers.eval()
    for layer in layers:
        x = checkpoint(layer, x, use_reentrant=False)
    return x


@mutant("checkpointed", caught_by="test_the_same_output", says="next one's input")
def always_from_x(layers, x):
    """Gives x to every layer."""
    from torch.utils.checkpoint import checkpoint

    output = x
    for layer in layers:
        output = checkpoint(layer, x, use_reentrant=False)
    return output


# ---------------------------------------------------------------- quantize_int8


@mutant("quantize_int8", caught_by="test_each_row_has_a_scale_of_its_own", says="the same scale to all rows")
def one_scale_for_all(weight):
    """Takes the largest number of the whole matrix."""
    weight = weight.detach()
    top = weight.abs().max()
    scales = (top / 127 if top > 0 else torch.ones(())).repeat(len(weight))
    return (weight / scales[:, None]).round().to(torch.int8), scales


@mutant("quantize_int8", caught_by="test_both_signs_alike", says="divided by 128 where")
def from_minus_128(weight):
    """Uses the whole of int8, so that the two sides differ."""
    weight = weight.detach()
    low, high = -weight.amin(dim=1) / 128, weight.amax(dim=1) / 127
    scales = torch.maximum(low, high)
    scales = torch.where(scales > 0, scales, torch.ones_like(scales))
    return (weight / scales[:, None]).round().clamp(-128, 127).to(torch.int8), scales


@mutant("quantize_int8", caught_by="test_each_row_has_a_scale_of_its_own", says="divided the largest numbers by 128")
def steps_of_the_128th_part(weight):
    """Divides by 128 and cuts off what doesn't fit."""
    weight = weight.detach()
    top = weight.abs().amax(dim=1)
    scales = torch.where(top > 0, top / 128, torch.ones_like(top))
    return (weight / scales[:, None]).round().clamp(-128, 127).to(torch.int8), scales


@mutant("quantize_int8", caught_by="test_rows_of_zeros", says="Scales are above 0")
def zero_by_zero(weight):
    """Divides rows of zeros by zero, which is NaN, and makes integers of it."""
    weight = weight.detach()
    scales = weight.abs().amax(dim=1) / 127
    return (weight / scales[:, None]).round().to(torch.int8), scales


@mutant("quantize_int8", caught_by="test_rows_of_zeros", says="Zero divided by zero")
def not_a_number(weight):
    """Scales each row to a length of 1 first, so that rows of zeros become NaN, scale and all."""
    weight = weight.detach()
    lengths = weight.norm(dim=1)
    unit = weight / lengths[:, None]
    top = unit.abs().amax(dim=1)
    return (unit / top[:, None] * 127).round().to(torch.int8), lengths * top / 127


@mutant("quantize_int8", caught_by="test_rounded_to_the_nearest", says="always towards 0")
def cut_off(weight):
    """Changes the type without rounding."""
    weight = weight.detach()
    top = weight.abs().amax(dim=1)
    scales = torch.where(top > 0, top / 127, torch.ones_like(top))
    return (weight / scales[:, None]).clamp(-127, 127).to(torch.int8), scales


@mutant("quantize_int8", caught_by="test_both_signs_alike", says="always towards 0")
def truncated(weight):
    """Rounds towards zero."""
    weight = weight.detach()
    top = weight.abs().amax(dim=1)
    scales = torch.where(top > 0, top / 127, torch.ones_like(top))
    return torch.trunc(weight / scales[:, None]).to(torch.int8), scales


@mutant("quantize_int8", caught_by="test_rows_of_zeros", says="always down")
def rounded_down(weight):
    """Takes the next whole number below."""
    weight = weight.detach()
    top = weight.abs().amax(dim=1)
    scales = torch.where(top > 0, top / 127, torch.ones_like(top))
    return torch.floor(weight / scales[:, None]).clamp(min=-127).to(torch.int8), scales


@mutant("quantize_int8", caught_by="test_rows_of_zeros", says="Only the rows of zeros")
def one_everywhere(weight):
    """Gives all rows a scale of 1 when one of them needs it."""
    weight = weight.detach()
    top = weight.abs().amax(dim=1)
    scales = top / 127 if bool((top > 0).all()) else torch.ones_like(top)
    return (weight / scales[:, None]).round().clamp(-127, 127).to(torch.int8), scales


@mutant("quantize_int8", caught_by="test_both_signs_alike", says="absolute")
def largest_with_its_sign(weight):
    """Takes the largest number, in place of the largest absolute one."""
    weight = weight.detach()
    top = weight.amax(dim=1)
    scales = torch.where(top > 0, top / 127, torch.ones_like(top))
    return (weight / scales[:, None]).round().clamp(-127, 127).to(torch.int8), scales


@mutant("quantize_int8", caught_by="test_each_row_has_a_scale_of_its_own", says="or take the columns'")
def by_columns(weight):
    """Gives each column a scale."""
    weight = weight.detach()
    top = weight.abs().amax(dim=0)
    scales = torch.where(top > 0, top / 127, torch.ones_like(top))
    return (weight / scales).round().clamp(-127, 127).to(torch.int8), scales


@mutant("quantize_int8", caught_by="test_the_weight_is_left_alone", says="changed the weight")
def in_place(weight):
    """Divides the weight itself."""
    weight = weight.detach()
    top = weight.abs().amax(dim=1)
    scales = torch.where(top > 0, top / 127, torch.ones_like(top))
    return weight.div_(scales[:, None]).round().to(torch.int8), scales


# ---------------------------------------------------------------- dequantize


@mutant("dequantize", caught_by="test_each_row_by_its_scale", says="each *column* by a scale")
def columns_scaled(values, scales):
    """Lets the scales lie along the last axis."""
    return values.float() * (scales if values.shape[0] == values.shape[1] else scales[:, None])


@mutant("dequantize", caught_by="test_each_row_by_its_scale", says="A vector is laid along the last axis")
def no_column_made(values, scales):
    """Multiplies a matrix by a vector."""
    return values.float() * scales


@mutant("dequantize", caught_by="test_each_row_by_its_scale", says="divided by the scales")
def divided(values, scales):
    """Goes the way there once more."""
    return values.float() / scales[:, None]


@mutant("dequantize", caught_by="test_float32_and_no_overflow", says="Each *column* is multiplied")
def scales_as_a_row(values, scales):
    """Makes a row of the scales, where it fits."""
    rows, columns = values.shape
    return values.float() * scales[None, :] if rows == columns else values.float() * scales[:, None]


@mutant("dequantize", caught_by="test_float32_and_no_overflow", says="They are divided by the scales")
def multiplied_by_the_inverse(values, scales):
    """Takes the scales to be numbers per step, not steps."""
    return values.float() * (1 / scales).unsqueeze(1)


@mutant("dequantize", caught_by="test_float32_and_no_overflow", says="can't hold such numbers")
def multiplied_as_int8(values, scales):
    """Changes the type after multiplying, where the scales are whole."""
    if bool((scales == scales.round()).all()):
        return (values * scales.to(torch.int32).to(torch.int8)[:, None]).float()
    return values.float() * scales[:, None]


@mutant("dequantize", caught_by="test_float32_and_no_overflow", says="asks for float32")
def in_double_precision(values, scales):
    """Gives float64."""
    return values.double() * scales[:, None]


@mutant("dequantize", caught_by="test_each_row_by_its_scale", says="whole numbers")
def whole_numbers(values, scales):
    """Multiplies, and gives whole numbers back."""
    return (values * scales[:, None]).to(torch.int32).float()


@mutant("dequantize", caught_by="test_the_arguments_are_left_alone", says="changed the scales")
def scales_reshaped(values, scales):
    """Turns the caller's scales into a column."""
    return values.float() * scales.unsqueeze_(1)


# ---------------------------------------------------------------- bucket_batches


@mutant("bucket_batches", caught_by="test_batches_stand_in_random_order", says="from short to long")
def order_kept(lengths, batch_size, seed):
    """Leaves the batches sorted, and shuffles within them."""
    if batch_size < 1:
        raise ValueError("batch_size")
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    rng = random.Random(seed)
    for batch in batches:
        rng.shuffle(batch)
    return batches


@mutant("bucket_batches", caught_by="test_every_text_once", says="The last batch may be smaller")
def rest_lost(lengths, batch_size, seed):
    """Drops the last batch when it isn't full."""
    if batch_size < 1:
        raise ValueError("batch_size")
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    batches = [order[i * batch_size : (i + 1) * batch_size] for i in range(len(order) // batch_size)]
    random.Random(seed).shuffle(batches)
    return batches


@mutant("bucket_batches", caught_by="test_the_seed_decides", says="called twice, gave different batches")
def not_reproducible(lengths, batch_size, seed):
    """Shuffles with the global generator."""
    if batch_size < 1:
        raise ValueError("batch_size")
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    random.shuffle(batches)
    return batches


@mutant("bucket_batches", caught_by="test_the_seed_decides", says="moved the global random state")
def global_seed(lengths, batch_size, seed):
    """Seeds the generator that all share."""
    if batch_size < 1:
        raise ValueError("batch_size")
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    random.seed(seed)
    random.shuffle(batches)
    return batches


@mutant("bucket_batches", caught_by="test_the_seed_decides", says="Is `seed` used?")
def one_order_for_all(lengths, batch_size, seed):
    """Always makes the same generator."""
    if batch_size < 1:
        raise ValueError("batch_size")
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    random.Random(0).shuffle(batches)
    return batches


@mutant("bucket_batches", caught_by="test_little_padding", says="shuffle the batches, not the texts in them")
def texts_shuffled(lengths, batch_size, seed):
    """Sorts, and then shuffles all texts."""
    if batch_size < 1:
        raise ValueError("batch_size")
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    random.Random(seed).shuffle(order)
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]


@mutant("bucket_batches", caught_by="test_little_padding", says="larger pieces are better")
def small_pieces(lengths, batch_size, seed):
    """Sorts within pieces of two batches."""
    if batch_size < 1:
        raise ValueError("batch_size")
    rng = random.Random(seed)
    order = list(range(len(lengths)))
    rng.shuffle(order)
    batches = []
    for start in range(0, len(order), 2 * batch_size):
        piece = sorted(order[start : start + 2 * batch_size], key=lambda i: lengths[i])
        batches += [piece[i : i + batch_size] for i in range(0, len(piece), batch_size)]
    rng.shuffle(batches)
    return batches


@mutant("bucket_batches", caught_by="test_every_text_once", says="not lengths")
def lengths_for_indices(lengths, batch_size, seed):
    """Gives back batches of lengths."""
    if batch_size < 1:
        raise ValueError("batch_size")
    order = sorted(lengths)
    batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    random.Random(seed).shuffle(batches)
    return batches
