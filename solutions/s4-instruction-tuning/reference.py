"""The reference solutions of "Teaching an assistant"."""


def render_chat(messages, add_generation_prompt):
    if messages[0]["role"] != "system":
        messages = [{"role": "system", "content": SYSTEM_PROMPT}, *messages]
    text = ""
    for message in messages:
        role = message["role"]
        if role not in ("system", "user", "assistant"):
            raise ValueError(f"a message's role must be system, user or assistant, not {role!r}")
        text += f"<|im_start|>{role}\n{message['content']}<|im_end|>\n"
    return text + "<|im_start|>assistant\n" if add_generation_prompt else text


def mask_prompt(prompt_ids, answer_ids, eos_id, max_length):
    target = [*answer_ids, eos_id]
    if len(target) > max_length:
        raise ValueError(f"max_length is {max_length}, and the answer with its end token takes {len(target)} tokens")
    excess = max(0, len(prompt_ids) + len(target) - max_length)
    prompt = list(prompt_ids[excess:])
    return {
        "input_ids": prompt + target,
        "attention_mask": [1] * (len(prompt) + len(target)),
        "labels": [-100] * len(prompt) + target,
    }


def pack(examples, max_length):
    packs = []
    for number, example in enumerate(examples):
        ids, labels = example["input_ids"], example["labels"]
        if len(ids) > max_length:
            raise ValueError(f"example {number} has {len(ids)} tokens, more than max_length = {max_length}")
        if not packs or len(packs[-1]["input_ids"]) + len(ids) > max_length:
            packs.append({"input_ids": [], "labels": [], "position_ids": [], "segments": []})
        current = packs[-1]
        segment = current["segments"][-1] + 1 if current["segments"] else 0
        current["input_ids"] += ids
        current["labels"] += [-100, *labels[1:]]
        current["position_ids"] += range(len(ids))
        current["segments"] += [segment] * len(ids)
    return packs


def accumulated_answer_loss(micro_batches):
    total, count = 0.0, 0
    for logits, labels in micro_batches:
        predicted, wanted = logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten()
        total = total + torch.nn.functional.cross_entropy(predicted, wanted, ignore_index=-100, reduction="sum")
        count += int((wanted != -100).sum())
    return total / count


def format_score(replies, gold):
    if len(replies) != len(gold) or not replies:
        raise ValueError(f"replies and gold must be equally many, at least one; there are {len(replies)} and {len(gold)}")
    verdicts = {"VERDICT: fresh": "fresh", "VERDICT: rotten": "rotten"}
    said = [verdicts.get(reply) for reply in replies]
    obeyed = sum(verdict is not None for verdict in said)
    right = sum(verdict == label for verdict, label in zip(said, gold))
    return {"obeyed": obeyed / len(replies), "right_if_obeyed": right / obeyed if obeyed else 0.0, "right": right / len(replies)}
