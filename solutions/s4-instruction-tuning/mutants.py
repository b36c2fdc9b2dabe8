"""Wrong solutions of "Teaching an assistant", and the misconception behind each."""

from autograder.authoring import mutant

# ---------------------------------------------------------------- render_chat


@mutant("render_chat", caught_by="test_the_default_system_prompt", says="default one must come first")
def no_default_system_prompt(messages, add_generation_prompt):
    """Writes only what was given."""
    text = ""
    for message in messages:
        if message["role"] not in ("system", "user", "assistant"):
            raise ValueError(message["role"])
        text += f"<|im_start|>{message['role']}\n{message['content']}<|im_end|>\n"
    return text + "<|im_start|>assistant\n" * add_generation_prompt


@mutant("render_chat", caught_by="test_a_system_prompt_that_is_given", says="is the default added all the same")
def system_prompt_doubled(messages, add_generation_prompt):
    """Always begins with the default system prompt."""
    text = ""
    for message in [{"role": "system", "content": SYSTEM_PROMPT}, *messages]:
        if message["role"] not in ("system", "user", "assistant"):
            raise ValueError(message["role"])
        text += f"<|im_start|>{message['role']}\n{message['content']}<|im_end|>\n"
    return text + "<|im_start|>assistant\n" * add_generation_prompt


@mutant("render_chat", caught_by="test_every_turn_has_its_marks", says="After <|im_end|> comes a new line")
def no_new_line_after_the_end_token(messages, add_generation_prompt):
    """Lets the turns stick together."""
    if messages[0]["role"] != "system":
        messages = [{"role": "system", "content": SYSTEM_PROMPT}, *messages]
    text = ""
    for message in messages:
        if message["role"] not in ("system", "user", "assistant"):
            raise ValueError(message["role"])
        text += f"<|im_start|>{message['role']}\n{message['content']}<|im_end|>"
    return text + "<|im_start|>assistant\n" * add_generation_prompt


@mutant("render_chat", caught_by="test_every_turn_has_its_marks", says="Between the role and the content")
def colon_after_the_role(messages, add_generation_prompt):
    """Writes "user: " as in a play."""
    if messages[0]["role"] != "system":
        messages = [{"role": "system", "content": SYSTEM_PROMPT}, *messages]
    text = ""
    for message in messages:
        if message["role"] not in ("system", "user", "assistant"):
            raise ValueError(message["role"])
        text += f"<|im_start|>{message['role']}: {message['content']}<|im_end|>\n"
    return text + "<|im_start|>assistant: " * add_generation_prompt


@mutant("render_chat", caught_by="test_the_generation_prompt", says="Is the argument looked at")
def generation_prompt_always(messages, add_generation_prompt):
    """Always opens the assistant's turn."""
    if messages[0]["role"] != "system":
        messages = [{"role": "system", "content": SYSTEM_PROMPT}, *messages]
    text = ""
    for message in messages:
        if message["role"] not in ("system", "user", "assistant"):
            raise ValueError(message["role"])
        text += f"<|im_start|>{message['role']}\n{message['content']}<|im_end|>\n"
    return text + "<|im_start|>assistant\n"


@mutant("render_chat", caught_by="test_the_generation_prompt", says="new line included")
def generation_prompt_without_its_new_line(messages, add_generation_prompt):
    """Leaves the new line for the model to write."""
    if messages[0]["role"] != "system":
        messages = [{"role": "system", "content": SYSTEM_PROMPT}, *messages]
    text = ""
    for message in messages:
        if message["role"] not in ("system", "user", "assistant"):
            raise ValueError(message["role"])
        text += f"<|im_start|>{message['role']}\n{message['content']}<|im_end|>\n"
    return text + "<|im_start|>assistant" * add_generation_prompt


@mutant("render_chat", caught_by="test_a_role_that_nobody_has", says="raised nothing")
def any_role(messages, add_generation_prompt):
    """Lets unknown roles through."""
    if messages[0]["role"] != "system":
        messages = [{"role": "system", "content": SYSTEM_PROMPT}, *messages]
    text = "".join(f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in messages)
    return text + "<|im_start|>assistant\n" * add_generation_prompt


@mutant("render_chat", caught_by="test_content_is_not_touched", says="its spaces and new lines at the beginning and the end are gone")
def content_stripped(messages, add_generation_prompt):
    """Tidies the content up, as some other models' templates do."""
    if messages[0]["role"] != "system":
        messages = [{"role": "system", "content": SYSTEM_PROMPT}, *messages]
    text = ""
    for message in messages:
        if message["role"] not in ("system", "user", "assistant"):
            raise ValueError(message["role"])
        text += f"<|im_start|>{message['role']}\n{message['content'].strip()}<|im_end|>\n"
    return text + "<|im_start|>assistant\n" * add_generation_prompt


@mutant("render_chat", caught_by="test_the_messages_are_left_alone", says="make a new one")
def default_put_into_the_list(messages, add_generation_prompt):
    """Inserts the default into the caller's own list."""
    if messages[0]["role"] != "system":
        messages.insert(0, {"role": "system", "content": SYSTEM_PROMPT})
    text = ""
    for message in messages:
        if message["role"] not in ("system", "user", "assistant"):
            raise ValueError(message["role"])
        text += f"<|im_start|>{message['role']}\n{message['content']}<|im_end|>\n"
    return text + "<|im_start|>assistant\n" * add_generation_prompt


@mutant("render_chat", caught_by="test_the_tokenizers_own_template", says="looks at the first message only")
def a_system_message_anywhere(messages, add_generation_prompt):
    """Takes a system message further down for a system prompt."""
    if not any(message["role"] == "system" for message in messages):
        messages = [{"role": "system", "content": SYSTEM_PROMPT}, *messages]
    text = ""
    for message in messages:
        if message["role"] not in ("system", "user", "assistant"):
            raise ValueError(message["role"])
        text += f"<|im_start|>{message['role']}\n{message['content']}<|im_end|>\n"
    return text + "<|im_start|>assistant\n" * add_generation_prompt


# ---------------------------------------------------------------- mask_prompt


@mutant("mask_prompt", caught_by="test_only_the_answer_is_learnt", says="has labels on the prompt")
def prompt_learnt_too(prompt_ids, answer_ids, eos_id, max_length):
    """Labels are a copy of the tokens."""
    if len(answer_ids) + 1 > max_length:
        raise ValueError("max_length")
    ids = [*prompt_ids, *answer_ids, eos_id][-max_length:]
    return {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": list(ids)}


@mutant("mask_prompt", caught_by="test_the_end_token_is_learnt", says="whoever masks by id erases it")
def padding_masked_by_id(prompt_ids, answer_ids, eos_id, max_length):
    """Masks every padding token, whose id is that of the end token."""
    if len(answer_ids) + 1 > max_length:
        raise ValueError("max_length")
    ids = [*prompt_ids, *answer_ids, eos_id][-max_length:]
    start = len(ids) - len(answer_ids) - 1
    labels = [-100 if place < start or token == eos_id else token for place, token in enumerate(ids)]
    return {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": labels}


@mutant("mask_prompt", caught_by="test_only_the_answer_is_learnt", says="-100 on the first token of the answer")
def one_masked_too_many(prompt_ids, answer_ids, eos_id, max_length):
    """Masks one place too many."""
    if len(answer_ids) + 1 > max_length:
        raise ValueError("max_length")
    ids = [*prompt_ids, *answer_ids, eos_id][-max_length:]
    start = len(ids) - len(answer_ids)
    return {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": [-100] * start + ids[start:]}


@mutant("mask_prompt", caught_by="test_only_the_answer_is_learnt", says="a label on the last token of the prompt")
def shifted_by_hand(prompt_ids, answer_ids, eos_id, max_length):
    """Shifts the labels, which the loss does once more."""
    if len(answer_ids) + 1 > max_length:
        raise ValueError("max_length")
    ids = [*prompt_ids, *answer_ids, eos_id][-max_length:]
    start = len(ids) - len(answer_ids) - 1
    labels = [-100] * start + ids[start:]
    return {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": labels[1:] + [-100]}


@mutant("mask_prompt", caught_by="test_a_prompt_that_is_too_long", says="cut into the answer")
def cut_at_the_end(prompt_ids, answer_ids, eos_id, max_length):
    """Cuts what sticks out at the end, which is the answer."""
    if len(answer_ids) + 1 > max_length:
        raise ValueError("max_length")
    ids = [*prompt_ids, *answer_ids, eos_id]
    labels = [-100] * len(prompt_ids) + [*answer_ids, eos_id]
    return {"input_ids": ids[:max_length], "attention_mask": [1] * len(ids[:max_length]), "labels": labels[:max_length]}


@mutant("mask_prompt", caught_by="test_a_prompt_that_is_too_long", says="it's the first tokens that go")
def end_of_the_prompt_cut(prompt_ids, answer_ids, eos_id, max_length):
    """Keeps the beginning of the prompt, and loses the text's end and the opening of the answer."""
    room = max_length - len(answer_ids) - 1
    if room < 0:
        raise ValueError("max_length")
    prompt = prompt_ids[:room]
    return {
        "input_ids": [*prompt, *answer_ids, eos_id],
        "attention_mask": [1] * (len(prompt) + len(answer_ids) + 1),
        "labels": [-100] * len(prompt) + [*answer_ids, eos_id],
    }


@mutant("mask_prompt", caught_by="test_the_model_may_read_the_prompt", says="Attention is about reading")
def prompt_not_attended_to(prompt_ids, answer_ids, eos_id, max_length):
    """Takes the attention mask for the mask of the loss."""
    if len(answer_ids) + 1 > max_length:
        raise ValueError("max_length")
    ids = [*prompt_ids, *answer_ids, eos_id][-max_length:]
    start = len(ids) - len(answer_ids) - 1
    return {
        "input_ids": ids,
        "attention_mask": [0] * start + [1] * (len(ids) - start),
        "labels": [-100] * start + ids[start:],
    }


@mutant("mask_prompt", caught_by="test_prompt_answer_end", says="nothing ever teaches the model to stop")
def no_end_token(prompt_ids, answer_ids, eos_id, max_length):
    """Forgets the end token."""
    if len(answer_ids) + 1 > max_length:
        raise ValueError("max_length")
    ids = [*prompt_ids, *answer_ids][-max_length:]
    start = len(ids) - len(answer_ids)
    return {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": [-100] * start + ids[start:]}


@mutant("mask_prompt", caught_by="test_lengths_at_the_edge", says="`prompt[-0:]` is the whole prompt")
def minus_zero(prompt_ids, answer_ids, eos_id, max_length):
    """Keeps the last `room` tokens of the prompt, which are all of them when room is 0."""
    room = max_length - len(answer_ids) - 1
    if room < 0:
        raise ValueError("max_length")
    prompt = prompt_ids[-room:]
    return {
        "input_ids": [*prompt, *answer_ids, eos_id],
        "attention_mask": [1] * (len(prompt) + len(answer_ids) + 1),
        "labels": [-100] * len(prompt) + [*answer_ids, eos_id],
    }


@mutant("mask_prompt", caught_by="test_an_answer_that_does_not_fit", says="half an answer teaches something wrong")
def half_an_answer(prompt_ids, answer_ids, eos_id, max_length):
    """Cuts the answer when it must."""
    ids = [*prompt_ids, *answer_ids, eos_id]
    labels = [-100] * len(prompt_ids) + [*answer_ids, eos_id]
    return {"input_ids": ids[-max_length:], "attention_mask": [1] * len(ids[-max_length:]), "labels": labels[-max_length:]}


@mutant("mask_prompt", caught_by="test_the_arguments_are_left_alone", says="changed a list that it was given")
def answer_appended_to(prompt_ids, answer_ids, eos_id, max_length):
    """Appends the end token to the caller's own list."""
    if len(answer_ids) + 1 > max_length:
        raise ValueError("max_length")
    answer_ids.append(eos_id)
    ids = [*prompt_ids, *answer_ids][-max_length:]
    start = len(ids) - len(answer_ids)
    return {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": [-100] * start + ids[start:]}


# ---------------------------------------------------------------- pack


@mutant("pack", caught_by="test_nothing_lost_or_split", says="torn in two")
def one_long_ribbon(examples, max_length):
    """Glues everything together and cuts it into equal lengths, as is done in pretraining."""
    if any(len(e["input_ids"]) > max_length for e in examples):
        raise ValueError("max_length")
    ribbon = [
        (token, -100 if place == 0 else label, place, number)
        for number, e in enumerate(examples)
        for place, (token, label) in enumerate(zip(e["input_ids"], e["labels"]))
    ]
    packs = []
    for start in range(0, len(ribbon), max_length):
        ids, labels, places, numbers = map(list, zip(*ribbon[start : start + max_length]))
        packs.append({"input_ids": ids, "labels": labels, "position_ids": places, "segments": [n - numbers[0] for n in numbers]})
    return packs


@mutant("pack", caught_by="test_nothing_lost_or_split", says="what happens to the last pack")
def last_pack_lost(examples, max_length):
    """Puts a pack away when the next example doesn't fit; after the last one none comes."""
    packs, now, number = [], {"input_ids": [], "labels": [], "position_ids": [], "segments": []}, 0
    for e in examples:
        size = len(e["input_ids"])
        if size > max_length:
            raise ValueError("max_length")
        if len(now["input_ids"]) + size > max_length:
            packs.append(now)
            now, number = {"input_ids": [], "labels": [], "position_ids": [], "segments": []}, 0
        now["input_ids"] += e["input_ids"]
        now["labels"] += [-100, *e["labels"][1:]]
        now["position_ids"] += range(size)
        now["segments"] += [number] * size
        number += 1
    return packs


@mutant("pack", caught_by="test_positions_begin_anew", says="positions that run on")
def positions_run_on(examples, max_length):
    """Counts positions through the whole pack."""
    packs = []
    for e in examples:
        size = len(e["input_ids"])
        if size > max_length:
            raise ValueError("max_length")
        if not packs or len(packs[-1]["input_ids"]) + size > max_length:
            packs.append({"input_ids": [], "labels": [], "position_ids": [], "segments": []})
        now = packs[-1]
        start = len(now["input_ids"])
        now["segments"] += [now["segments"][-1] + 1 if now["segments"] else 0] * size
        now["input_ids"] += e["input_ids"]
        now["labels"] += [-100, *e["labels"][1:]]
        now["position_ids"] += range(start, start + size)
    return packs


@mutant("pack", caught_by="test_segments_tell_examples_apart", says="Nothing would keep them from reading one another")
def boundaries_lost(examples, max_length):
    """All tokens of a pack are one segment."""
    packs = []
    for e in examples:
        size = len(e["input_ids"])
        if size > max_length:
            raise ValueError("max_length")
        if not packs or len(packs[-1]["input_ids"]) + size > max_length:
            packs.append({"input_ids": [], "labels": [], "position_ids": [], "segments": []})
        now = packs[-1]
        now["segments"] += [0] * size
        now["input_ids"] += e["input_ids"]
        now["labels"] += [-100, *e["labels"][1:]]
        now["position_ids"] += range(size)
    return packs


@mutant("pack", caught_by="test_segments_tell_examples_apart", says="They count from 0 in each pack")
def segments_run_on(examples, max_length):
    """Numbers the examples through all packs."""
    packs = []
    for number, e in enumerate(examples):
        size = len(e["input_ids"])
        if size > max_length:
            raise ValueError("max_length")
        if not packs or len(packs[-1]["input_ids"]) + size > max_length:
            packs.append({"input_ids": [], "labels": [], "position_ids": [], "segments": []})
        now = packs[-1]
        now["segments"] += [number] * size
        now["input_ids"] += e["input_ids"]
        now["labels"] += [-100, *e["labels"][1:]]
        now["position_ids"] += range(size)
    return packs


@mutant("pack", caught_by="test_as_many_as_fit", says="fills a pack exactly")
def never_full(examples, max_length):
    """Takes a pack that would be exactly full for too full."""
    packs = []
    for e in examples:
        size = len(e["input_ids"])
        if size > max_length:
            raise ValueError("max_length")
        if not packs or len(packs[-1]["input_ids"]) + size >= max_length:
            packs.append({"input_ids": [], "labels": [], "position_ids": [], "segments": []})
        now = packs[-1]
        now["segments"] += [now["segments"][-1] + 1 if now["segments"] else 0] * size
        now["input_ids"] += e["input_ids"]
        now["labels"] += [-100, *e["labels"][1:]]
        now["position_ids"] += range(size)
    return packs


@mutant("pack", caught_by="test_an_example_that_is_too_long", says="loses data")
def too_long_passed_over(examples, max_length):
    """Leaves out what doesn't fit."""
    packs = []
    for e in examples:
        size = len(e["input_ids"])
        if size > max_length:
            continue
        if not packs or len(packs[-1]["input_ids"]) + size > max_length:
            packs.append({"input_ids": [], "labels": [], "position_ids": [], "segments": []})
        now = packs[-1]
        now["segments"] += [now["segments"][-1] + 1 if now["segments"] else 0] * size
        now["input_ids"] += e["input_ids"]
        now["labels"] += [-100, *e["labels"][1:]]
        now["position_ids"] += range(size)
    return packs


@mutant("pack", caught_by="test_no_example_is_asked_about_the_next", says="example before to foretell it")
def first_label_kept(examples, max_length):
    """Copies all labels, the first of each example too."""
    packs = []
    for e in examples:
        size = len(e["input_ids"])
        if size > max_length:
            raise ValueError("max_length")
        if not packs or len(packs[-1]["input_ids"]) + size > max_length:
            packs.append({"input_ids": [], "labels": [], "position_ids": [], "segments": []})
        now = packs[-1]
        now["segments"] += [now["segments"][-1] + 1 if now["segments"] else 0] * size
        now["input_ids"] += e["input_ids"]
        now["labels"] += e["labels"]
        now["position_ids"] += range(size)
    return packs


@mutant("pack", caught_by="test_no_example_is_asked_about_the_next", says="into the pack's own list")
def labels_masked_in_place(examples, max_length):
    """Writes the -100 into the examples themselves."""
    packs = []
    for e in examples:
        size = len(e["input_ids"])
        if size > max_length:
            raise ValueError("max_length")
        if not packs or len(packs[-1]["input_ids"]) + size > max_length:
            packs.append({"input_ids": [], "labels": [], "position_ids": [], "segments": []})
        now = packs[-1]
        e["labels"][0] = -100
        now["segments"] += [now["segments"][-1] + 1 if now["segments"] else 0] * size
        now["input_ids"] += e["input_ids"]
        now["labels"] += e["labels"]
        now["position_ids"] += range(size)
    return packs


@mutant("pack", caught_by="test_as_many_as_fit", says="earlier packs are closed")
def first_fit(examples, max_length):
    """Looks for room in all packs: better filled, but not in the order that was asked for."""
    packs = []
    for e in examples:
        size = len(e["input_ids"])
        if size > max_length:
            raise ValueError("max_length")
        now = next((p for p in packs if len(p["input_ids"]) + size <= max_length), None)
        if now is None:
            now = {"input_ids": [], "labels": [], "position_ids": [], "segments": []}
            packs.append(now)
        now["segments"] += [now["segments"][-1] + 1 if now["segments"] else 0] * size
        now["input_ids"] += e["input_ids"]
        now["labels"] += [-100, *e["labels"][1:]]
        now["position_ids"] += range(size)
    return packs


@mutant("pack", caught_by="test_no_examples_and_no_traces", says="Is a pack the first example's own list")
def packs_made_of_the_examples(examples, max_length):
    """Goes on with the first example's own lists."""
    packs = []
    for e in examples:
        size = len(e["input_ids"])
        if size > max_length:
            raise ValueError("max_length")
        if not packs or len(packs[-1]["input_ids"]) + size > max_length:
            ids = e["input_ids"]
            packs.append({"input_ids": ids, "labels": [-100, *e["labels"][1:]], "position_ids": list(range(size)), "segments": [0] * size})
        else:
            now = packs[-1]
            now["segments"] += [now["segments"][-1] + 1] * size
            now["input_ids"] += e["input_ids"]
            now["labels"] += [-100, *e["labels"][1:]]
            now["position_ids"] += range(size)
    return packs


# ---------------------------------------------------------------- accumulated_answer_loss


@mutant("accumulated_answer_loss", caught_by="test_long_answers_count_by_their_tokens", says="the mean of the micro-batches' means")
def mean_of_means(micro_batches):
    """What many trainers did until 2024: a mean per micro-batch, and the mean of those."""
    losses = [torch.nn.functional.cross_entropy(x[:, :-1].flatten(0, 1), y[:, 1:].flatten()) for x, y in micro_batches]
    return torch.stack(losses).mean()


@mutant("accumulated_answer_loss", caught_by="test_long_answers_count_by_their_tokens", says="added up the means")
def sum_of_means(micro_batches):
    """A mean per micro-batch, and their sum, as several calls of backward() would give."""
    return sum(torch.nn.functional.cross_entropy(x[:, :-1].flatten(0, 1), y[:, 1:].flatten()) for x, y in micro_batches)


@mutant("accumulated_answer_loss", caught_by="test_each_token_is_foretold_by_the_one_before", says="about the *next* token")
def no_shift(micro_batches):
    """Holds each logit against the label of its own place."""
    total = sum(torch.nn.functional.cross_entropy(x.flatten(0, 1), y.flatten(), reduction="sum") for x, y in micro_batches)
    return total / sum((y != -100).sum() for _, y in micro_batches)


@mutant("accumulated_answer_loss", caught_by="test_each_token_is_foretold_by_the_one_before", says="shifted the wrong way")
def shifted_backwards(micro_batches):
    """Holds each logit against the label of the place before."""
    total = sum(torch.nn.functional.cross_entropy(x[:, 1:].flatten(0, 1), y[:, :-1].flatten(), reduction="sum") for x, y in micro_batches)
    return total / sum((y[:, :-1] != -100).sum() for _, y in micro_batches)


@mutant("accumulated_answer_loss", caught_by="test_minus_100_does_not_count", says="divided by the number of all tokens")
def ignored_tokens_counted(micro_batches):
    """Divides by the number of places, -100 or not."""
    total = sum(torch.nn.functional.cross_entropy(x[:, :-1].flatten(0, 1), y[:, 1:].flatten(), reduction="sum") for x, y in micro_batches)
    return total / sum(y[:, 1:].numel() for _, y in micro_batches)


@mutant("accumulated_answer_loss", caught_by="test_the_first_label_is_nobodys_target", says="count the labels after the shift")
def counted_before_the_shift(micro_batches):
    """Counts the labels that aren't -100 before the shift drops the first."""
    total = sum(torch.nn.functional.cross_entropy(x[:, :-1].flatten(0, 1), y[:, 1:].flatten(), reduction="sum") for x, y in micro_batches)
    return total / sum((y != -100).sum() for _, y in micro_batches)


@mutant("accumulated_answer_loss", caught_by="test_the_first_label_is_nobodys_target", says="before you flatten")
def flattened_before_the_shift(micro_batches):
    """Makes one long row first, so that rows run into one another."""
    total, count = 0.0, 0
    for x, y in micro_batches:
        x, y = x.flatten(0, 1)[:-1], y.flatten()[1:]
        total = total + torch.nn.functional.cross_entropy(x, y, reduction="sum")
        count += (y != -100).sum()
    return total / count


@mutant("accumulated_answer_loss", caught_by="test_long_answers_count_by_their_tokens", says="mean over rows")
def mean_over_rows(micro_batches):
    """A mean for each row, then their mean: short answers weigh more."""
    rows = []
    for x, y in micro_batches:
        for i in range(len(y)):
            if (y[i, 1:] != -100).any():
                rows.append(torch.nn.functional.cross_entropy(x[i, :-1], y[i, 1:]))
    return torch.stack(rows).mean()


@mutant("accumulated_answer_loss", caught_by="test_the_loss_can_be_learnt_from", says="without a way back to the logits")
def cut_off(micro_batches):
    """Adds up numbers in place of tensors."""
    total, count = 0.0, 0
    for x, y in micro_batches:
        total += torch.nn.functional.cross_entropy(x[:, :-1].flatten(0, 1), y[:, 1:].flatten(), reduction="sum").item()
        count += int((y[:, 1:] != -100).sum())
    return torch.tensor(total / count)


@mutant("accumulated_answer_loss", caught_by="test_the_loss_can_be_learnt_from", says="Every micro-batch is to be learnt from")
def only_the_last_one_learns(micro_batches):
    """Lets go of all micro-batches but the last, to save memory."""
    total, count = 0.0, 0
    for number, (x, y) in enumerate(micro_batches):
        x = x if number == len(micro_batches) - 1 else x.detach()
        total = total + torch.nn.functional.cross_entropy(x[:, :-1].flatten(0, 1), y[:, 1:].flatten(), reduction="sum")
        count += (y[:, 1:] != -100).sum()
    return total / count


# ---------------------------------------------------------------- format_score


@mutant("format_score", caught_by="test_three_shares_of_different_things", says="accuracy among the obedient")
def among_the_obedient_for_overall(replies, gold):
    """Reports the accuracy of the replies that obey as the accuracy of all."""
    if len(replies) != len(gold) or not replies:
        raise ValueError("replies")
    pairs = [(r[9:], g) for r, g in zip(replies, gold) if r in ("VERDICT: fresh", "VERDICT: rotten")]
    share = sum(s == g for s, g in pairs) / len(pairs) if pairs else 0.0
    return {"obeyed": len(pairs) / len(replies), "right_if_obeyed": share, "right": share}


@mutant("format_score", caught_by="test_to_the_letter", says="What follows the verdict breaks the format")
def prefix_match(replies, gold):
    """Looks at the beginning of the reply only."""
    if len(replies) != len(gold) or not replies:
        raise ValueError("replies")
    said = ["fresh" if r.startswith("VERDICT: fresh") else "rotten" if r.startswith("VERDICT: rotten") else None for r in replies]
    obeyed, right = sum(s is not None for s in said), sum(s == g for s, g in zip(said, gold))
    return {"obeyed": obeyed / len(replies), "right_if_obeyed": right / obeyed if obeyed else 0.0, "right": right / len(replies)}


@mutant("format_score", caught_by="test_to_the_letter", says="nothing is folded")
def case_folded(replies, gold):
    """Reads the reply in small letters."""
    if len(replies) != len(gold) or not replies:
        raise ValueError("replies")
    said = [{"verdict: fresh": "fresh", "verdict: rotten": "rotten"}.get(r.lower()) for r in replies]
    obeyed, right = sum(s is not None for s in said), sum(s == g for s, g in zip(said, gold))
    return {"obeyed": obeyed / len(replies), "right_if_obeyed": right / obeyed if obeyed else 0.0, "right": right / len(replies)}


@mutant("format_score", caught_by="test_to_the_letter", says="nothing is stripped")
def blanks_stripped(replies, gold):
    """Forgives spaces and new lines around the reply."""
    if len(replies) != len(gold) or not replies:
        raise ValueError("replies")
    said = [{"VERDICT: fresh": "fresh", "VERDICT: rotten": "rotten"}.get(r.strip()) for r in replies]
    obeyed, right = sum(s is not None for s in said), sum(s == g for s, g in zip(said, gold))
    return {"obeyed": obeyed / len(replies), "right_if_obeyed": right / obeyed if obeyed else 0.0, "right": right / len(replies)}


@mutant("format_score", caught_by="test_three_shares_of_different_things", says="One that doesn't obey is wrong")
def the_word_anywhere(replies, gold):
    """Counts a reply as right when the right word is somewhere in it, obedient or not."""
    if len(replies) != len(gold) or not replies:
        raise ValueError("replies")
    obeys = [r in ("VERDICT: fresh", "VERDICT: rotten") for r in replies]
    right = [g in r for r, g in zip(replies, gold)]
    both = sum(o and r for o, r in zip(obeys, right))
    return {
        "obeyed": sum(obeys) / len(replies),
        "right_if_obeyed": both / sum(obeys) if any(obeys) else 0.0,
        "right": sum(right) / len(replies),
    }


@mutant("format_score", caught_by="test_nobody_obeys", says="That is how every model begins")
def divides_by_nobody(replies, gold):
    """Divides by the number of obedient replies, whatever it is."""
    if len(replies) != len(gold) or not replies:
        raise ValueError("replies")
    said = [{"VERDICT: fresh": "fresh", "VERDICT: rotten": "rotten"}.get(r) for r in replies]
    obeyed, right = sum(s is not None for s in said), sum(s == g for s, g in zip(said, gold))
    return {"obeyed": obeyed / len(replies), "right_if_obeyed": right / obeyed, "right": right / len(replies)}


@mutant("format_score", caught_by="test_lists_that_do_not_fit", says="`zip` stops at the shorter list")
def zipped_without_a_look(replies, gold):
    """Pairs what there is."""
    if not replies:
        raise ValueError("replies")
    said = [{"VERDICT: fresh": "fresh", "VERDICT: rotten": "rotten"}.get(r) for r in replies]
    obeyed, right = sum(s is not None for s in said), sum(s == g for s, g in zip(said, gold))
    return {"obeyed": obeyed / len(replies), "right_if_obeyed": right / obeyed if obeyed else 0.0, "right": right / len(replies)}


@mutant("format_score", caught_by="test_each_reply_beside_its_own_label", says="beside its own label")
def labels_not_filtered(replies, gold):
    """Leaves disobedient replies out of one list, and not out of the other."""
    if len(replies) != len(gold) or not replies:
        raise ValueError("replies")
    obedient = [r for r in replies if r in ("VERDICT: fresh", "VERDICT: rotten")]
    right = sum(r[9:] == g for r, g in zip(obedient, gold))
    return {
        "obeyed": len(obedient) / len(replies),
        "right_if_obeyed": right / len(obedient) if obedient else 0.0,
        "right": right / len(replies),
    }
