"""Hidden suite of `render_chat`."""

import pytest

from tunelab import expect
from tunelab.models import smollm2_tokenizer

WORDS = ("film", "dull", "superb", "why", "seven", "Paris", "soup", "tell", "me", "never", "again", "rain")
DEFAULT = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
OPENED = "<|im_start|>assistant\n"


def said(rng):
    """A few words that nobody can know beforehand."""
    return " ".join(rng.choice(WORDS, size=int(rng.integers(2, 7)))) + f" {int(rng.integers(1000))}."


def conversation(rng, *roles):
    return [{"role": role, "content": said(rng)} for role in roles]


def turn(message):
    return "<|im_start|>" + message["role"] + "\n" + message["content"] + "<|im_end|>\n"


def called(learner, messages, prompt, what):
    """The text of a call that must succeed."""
    call = f"render_chat(messages, {prompt}), on {what},"
    got = learner.render_chat(messages, prompt)
    expect.of_type(got, str, call=call)
    assert got, f"{call} gave an empty text. Each message should be in it, between its marks."
    return got, call


def shown(text, place=0):
    """A text, or of a long one what stands around a place."""
    start, end = (0, len(text)) if len(text) < 160 else (max(0, place - 70), place + 70)
    return f"{'… ' * (start > 0)}{text[start:end]!r}{' …' * (end < len(text))}"


def written(messages, prompt):
    """The text that is asked for."""
    opening = [] if messages[0]["role"] == "system" else [{"role": "system", "content": DEFAULT}]
    return "".join(map(turn, [*opening, *messages])) + OPENED * prompt


def judged(got, messages, prompt, call, otherwise):
    """Passes the right text; says of a wrong one from which mistake it comes, where that is plain, and else `otherwise`."""
    right, given = written(messages, prompt), messages[0]["role"] == "system"
    if got == right:
        return
    default, after = turn({"role": "system", "content": DEFAULT}), not given and any(m["role"] == "system" for m in messages)
    ways = {
        "The default system message comes first where the first message isn't of the system, also when there is one further down: the template looks at the first message only."
        if after
        else "Nobody gave a system message, so SmolLM2's default one must come first: it was there all the time in training.": ""
        if given
        else right.removeprefix(default),
        "It begins with the default system prompt, though another one was given: that takes the place of the default.": default + right,
        "After <|im_end|> comes a new line, after the last turn too: the model has read it after every turn.": right.replace(
            "<|im_end|>\n", "<|im_end|>"
        ),
        "The new line after the last turn's <|im_end|> is missing: the model has read one after every turn.": ""
        if prompt
        else right.removesuffix("\n"),
        "The assistant's turn is opened at the end, though `add_generation_prompt` is False. Is the argument looked at?": ""
        if prompt
        else right + OPENED,
        "The assistant's turn isn't opened at the end, though `add_generation_prompt` is True. Is the argument looked at?": right.removesuffix(
            OPENED
        )
        if prompt
        else "",
        "The generation prompt opens the assistant's turn, new line included: the model goes on from there.": right.removesuffix("\n")
        if prompt
        else "",
        "The generation prompt opens the assistant's turn and doesn't close it: the model goes on from there.": right + "<|im_end|>\n"
        if prompt
        else "",
        "The content is copied as it is: its spaces and new lines at the beginning and the end are gone.": written(
            [message | {"content": message["content"].strip()} for message in messages], prompt
        ),
    }
    told = [words for words, wrong in ways.items() if got == wrong and wrong]
    place = next((i for i, (a, b) in enumerate(zip(got, right, strict=False)) if a != b), min(len(got), len(right)))
    role = next((m["role"] for m in messages if f"<|im_start|>{m['role']}" in got and f"<|im_start|>{m['role']}\n" not in got), None)
    if len(told) == 1:
        raise AssertionError(f"{call} gave {shown(got, place)}. {told[0]}")
    if role is not None:
        raise AssertionError(
            f"{call} gave {shown(got, place)}. Between the role and the content there is a new line, and nothing else; after {role} it is missing."
        )
    raise AssertionError(
        f"{call} gave {shown(got, place)}, of which the first {place} characters are right. {otherwise}"
        if place
        else f"{call} gave {shown(got)}, which is wrong from its first character on. {otherwise}"
    )


@pytest.mark.points(2)
def test_every_turn_has_its_marks(learner, rng):
    """Each message begins with its role on a line of its own and ends with the end token and a new line."""
    messages = conversation(rng, "system", "user", "assistant", "user")
    got, call = called(learner, messages, False, "system, user, assistant, user")
    for message in messages:
        assert message["content"] in got, (
            f"{call} gave a text without what the {message['role']} says. Every message is written out, in order."
        )
        head = f"<|im_start|>{message['role']}"
        assert head in got, f"{call} gave {shown(got)}. A turn opens with <|im_start|> and, right after it, the role."
        assert message["content"] + "<|im_end|>" in got, f"{call} gave {shown(got)}. The end token follows the content at once."
    judged(got, messages, False, call, "The turns stand in the order of the messages, and nothing is before, between or after them.")


@pytest.mark.points(2)
def test_the_default_system_prompt(learner, rng):
    """A conversation that doesn't begin with a system message gets the default one."""
    messages = conversation(rng, "user", "assistant", "user")
    got, call = called(learner, messages, False, "a conversation without a system message")
    hint = "The default system prompt is SYSTEM_PROMPT, letter by letter, as a turn of its own; after it come the messages as they are, once each."
    judged(got, messages, False, call, hint)


@pytest.mark.points(1)
def test_a_system_prompt_that_is_given(learner, rng):
    """A conversation that begins with a system message keeps it, and gets no second one."""
    messages = conversation(rng, "system", "user")
    got, call = called(learner, messages, True, "a conversation that begins with a system message")
    assert got.count("<|im_start|>system") == 1, (
        f"{call} gave {got.count('<|im_start|>system')} system turns. The one that is given takes the place of the default: is the default added all the same?"
    )
    assert DEFAULT not in got, f"{call} wrote the default system prompt, though another one was given."
    assert messages[0]["content"] in got, f"{call} lost the system prompt that was given."


@pytest.mark.points(2)
def test_the_generation_prompt(learner, rng):
    """The assistant's opening is added at the end when it is asked for, and only then."""
    messages = conversation(rng, "system", "user")
    without, call = called(learner, messages, False, "system, user")
    judged(without, messages, False, call, "Without a generation prompt the text ends after the last turn.")
    with_prompt, call = called(learner, messages, True, "system, user")
    judged(with_prompt, messages, True, call, "The generation prompt is added behind the same text as without it.")


@pytest.mark.points(1)
def test_a_role_that_nobody_has(learner, rng):
    """A role other than system, user and assistant is refused with a ValueError that names it."""
    for roles in (("user", "critic"), ("tool", "user"), ("User",), ("user", "assistant", "bot")):
        wrong = next(role for role in roles if role not in ("system", "user", "assistant"))
        call = f"render_chat(messages, True), on messages of {', '.join(roles)},"
        try:
            learner.render_chat(conversation(rng, *roles), True)
        except ValueError as error:
            assert wrong in str(error), (
                f"{call} raised a ValueError that says {str(error)[:80]!r}. Name the role in it, {wrong}, so that the reader finds it."
            )
        else:
            raise AssertionError(
                f"{call} raised nothing. The model has never seen a turn of {wrong}: a misspelt role would be found out only after training."
            )
    got, call = called(learner, conversation(rng, "system", "user", "assistant"), False, "the three roles that there are")
    turns = got.count("<|im_end|>")
    assert turns >= 3, f"{call} gave {turns} turn{'s' * (turns != 1)}. These three roles are known: each turn is written."


@pytest.mark.points(1)
def test_content_is_not_touched(learner):
    """The content stands there as it is: spaces, new lines, braces and marks included."""
    for content in (
        "  two spaces before, and after  ",
        "a line\n\nand another\n",
        "{curly} %s {0}",
        "",
        "naïve café, <b>bold</b> & 'quoted'",
    ):
        messages = [{"role": "system", "content": "s"}, {"role": "user", "content": content}]
        got, call = called(learner, messages, False, f"a user's message {content!r}")
        judged(got, messages, False, call, "The content is copied as it is: nothing stripped, nothing filled in.")


@pytest.mark.points(1)
def test_the_messages_are_left_alone(learner, rng):
    """The list of messages is as it was before."""
    messages = conversation(rng, "user")
    before = [dict(message) for message in messages]
    got, call = called(learner, messages, True, "a single user's message")
    left = learner.last.args[0]
    assert len(left) == 1, (
        f"render_chat(messages, True) left {len(left)} messages in a list that held one. The list is the caller's: make a new one for what you add."
    )
    assert left == before, "render_chat(messages, True) changed the message in the list that it was given. Leave the dict as it is."
    if turn(messages[0]) not in got:
        judged(got, messages, True, call, "The user's turn is to be in it, as all turns are written.")


@pytest.mark.points(2)
def test_the_tokenizers_own_template(learner, rng):
    """The text is the one that SmolLM2's own tokenizer makes of many conversations."""
    tokenizer = smollm2_tokenizer()
    openings = ((), ("system",))
    for round_ in range(8):
        roles = openings[round_ % 2] + ("user", "assistant") * int(rng.integers(0, 3)) + ("user",)
        if round_ == 6:
            roles = ("user", "system", "user")
        if round_ == 7:
            roles = ("assistant",)
        prompt = bool(rng.integers(2))
        messages = conversation(rng, *roles)
        got, call = called(learner, messages, prompt, f"messages of {', '.join(roles)}")
        if got != tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=prompt):
            judged(got, messages, prompt, call, "The tokenizer's own template makes another text of these messages.")
            raise AssertionError(f"{call} gave {shown(got)}, and the tokenizer's own template makes another text.")
