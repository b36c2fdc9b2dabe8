"""Other right solutions of "Teaching an assistant"."""

from autograder.authoring import alternative


@alternative("render_chat")
def by_joining_parts(messages, add_generation_prompt):
    """Checks the roles first, then joins a list of turns."""
    known = {"system", "user", "assistant"}
    for message in messages:
        if message["role"] not in known:
            raise ValueError("unknown role: " + message["role"])
    turns = list(messages)
    if turns[0]["role"] != "system":
        turns.insert(0, {"role": "system", "content": SYSTEM_PROMPT})
    parts = ["<|im_start|>" + turn["role"] + "\n" + turn["content"] + "<|im_end|>" for turn in turns]
    parts.append("<|im_start|>assistant\n" if add_generation_prompt else "")
    return "\n".join(parts)


@alternative("render_chat")
def by_a_template(messages, add_generation_prompt):
    """Writes the template down in Jinja, as tokenizers do."""
    import jinja2

    for message in messages:
        if message["role"] not in ("system", "user", "assistant"):
            raise ValueError(f"no such role: {message['role']}")
    template = jinja2.Template(
        "{% if messages[0].role != 'system' %}<|im_start|>system\n{{ default }}<|im_end|>\n{% endif %}"
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        "{% if prompt %}<|im_start|>assistant\n{% endif %}",
        keep_trailing_newline=True,
    )
    return template.render(messages=messages, default=SYSTEM_PROMPT, prompt=add_generation_prompt)


@alternative("mask_prompt")
def by_slicing_the_whole(prompt_ids, answer_ids, eos_id, max_length):
    """Joins everything, masks by position, then keeps the last max_length places of each list."""
    if len(answer_ids) + 1 > max_length:
        raise ValueError("the answer doesn't fit into max_length")
    ids = prompt_ids + answer_ids + [eos_id]
    labels = [-100 if place < len(prompt_ids) else token for place, token in enumerate(ids)]
    return {"input_ids": ids[-max_length:], "labels": labels[-max_length:], "attention_mask": [1] * min(len(ids), max_length)}


@alternative("mask_prompt")
def by_tensors(prompt_ids, answer_ids, eos_id, max_length):
    """Masks in a copy of a tensor, and gives lists back."""
    room = max_length - len(answer_ids) - 1
    if room < 0:
        raise ValueError(f"max_length {max_length} leaves no room for the answer")
    prompt = prompt_ids[len(prompt_ids) - min(room, len(prompt_ids)) :]
    ids = torch.tensor([*prompt, *answer_ids, eos_id])
    labels = ids.clone()
    labels[: len(prompt)] = -100
    return {"input_ids": ids.tolist(), "attention_mask": torch.ones_like(ids).tolist(), "labels": labels.tolist()}


@alternative("pack")
def by_groups_first(examples, max_length):
    """Decides which examples go together, then builds each pack."""
    groups, room = [], 0
    for example in examples:
        size = len(example["input_ids"])
        if size > max_length:
            raise ValueError("max_length is too small for one of the examples")
        if size > room:
            groups.append([])
            room = max_length
        groups[-1].append(example)
        room -= size
    return [
        {
            "input_ids": [i for e in group for i in e["input_ids"]],
            "labels": [y for e in group for y in [-100, *e["labels"][1:]]],
            "position_ids": [p for e in group for p in range(len(e["input_ids"]))],
            "segments": [s for s, e in enumerate(group) for _ in e["input_ids"]],
        }
        for group in groups
    ]


@alternative("pack")
def by_closing_packs(examples, max_length):
    """Fills one pack, puts it away when the next example doesn't fit, and the last one at the end."""
    done, now, number = [], {"input_ids": [], "labels": [], "position_ids": [], "segments": []}, 0
    for example in examples:
        ids = list(example["input_ids"])
        if len(ids) > max_length:
            raise ValueError(f"{len(ids)} tokens are more than max_length")
        if len(now["input_ids"]) + len(ids) > max_length:
            done.append(now)
            now, number = {"input_ids": [], "labels": [], "position_ids": [], "segments": []}, 0
        labels = list(example["labels"])
        labels[0] = -100
        now["input_ids"].extend(ids)
        now["labels"].extend(labels)
        now["position_ids"].extend(range(len(ids)))
        now["segments"].extend([number] * len(ids))
        number += 1
    if now["input_ids"]:
        done.append(now)
    return done


@alternative("accumulated_answer_loss")
def by_gathering(micro_batches):
    """Collects the log-probability of each answer token, and takes one mean at the end."""
    found = []
    for logits, labels in micro_batches:
        targets = labels[:, 1:]
        counted = targets != -100
        log_probabilities = logits[:, :-1].log_softmax(-1)
        chosen = log_probabilities.gather(-1, targets.clamp(min=0).unsqueeze(-1)).squeeze(-1)
        found.append(-chosen[counted])
    return torch.cat(found).mean()


@alternative("accumulated_answer_loss")
def by_the_library(micro_batches):
    """The library's own causal loss, told how many tokens there are in all."""
    from transformers.loss.loss_utils import ForCausalLMLoss

    total = sum((labels[:, 1:] != -100).sum() for _, labels in micro_batches)
    return sum(ForCausalLMLoss(logits, labels, logits.shape[-1], num_items_in_batch=total) for logits, labels in micro_batches)


@alternative("accumulated_answer_loss")
def by_one_flat_batch(micro_batches):
    """Flattens the shifted places of all micro-batches into one."""
    logits = torch.cat([one[:, :-1].reshape(-1, one.shape[-1]) for one, _ in micro_batches])
    labels = torch.cat([one[:, 1:].reshape(-1) for _, one in micro_batches])
    return torch.nn.functional.cross_entropy(logits, labels)


@alternative("format_score")
def by_regular_expression(replies, gold):
    """Matches the whole reply."""
    import re

    if not replies:
        raise ValueError("there are no replies")
    found = [re.fullmatch(r"VERDICT: (fresh|rotten)", reply) for reply in replies]
    pairs = [(match.group(1), label) for match, label in zip(found, gold, strict=True) if match] if len(replies) == len(gold) else None
    if pairs is None:
        raise ValueError("replies and gold differ in length")
    hits = sum(said == label for said, label in pairs)
    return {
        "obeyed": len(pairs) / len(replies),
        "right": hits / len(replies),
        "right_if_obeyed": hits / len(pairs) if pairs else 0.0,
    }


@alternative("format_score")
def by_arrays(replies, gold):
    """Two columns of booleans, and their means."""
    import numpy as np

    if len(replies) != len(gold) or len(gold) == 0:
        raise ValueError("replies and gold must be of one length, and not empty")
    obeys = np.array([reply in ("VERDICT: fresh", "VERDICT: rotten") for reply in replies])
    hits = np.array([reply == f"VERDICT: {label}" for reply, label in zip(replies, gold)])
    return {
        "obeyed": float(obeys.mean()),
        "right_if_obeyed": float(hits[obeys].mean()) if obeys.any() else 0.0,
        "right": float(hits.mean()),
    }
