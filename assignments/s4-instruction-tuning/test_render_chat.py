"""Public checks of `render_chat`: examples to check oneself by."""

from tunelab import expect

DEFAULT = "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"


def test_the_example_of_the_lesson(learner):
    """The conversation of the picture is written as in the picture."""
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi!"}]
    got = learner.render_chat(messages, True)
    call = "render_chat([system: Be brief., user: Hi!], True)"
    expect.of_type(got, str, call=call)
    right = "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi!<|im_end|>\n<|im_start|>assistant\n"
    assert got == right, f"{call} gave {got!r}. It should be {right!r}."


def test_without_a_generation_prompt(learner):
    """Without a generation prompt the text ends after the last turn."""
    messages = [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
    ]
    got = learner.render_chat(messages, False)
    right = "<|im_start|>system\ns<|im_end|>\n<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nb<|im_end|>\n"
    assert got == right, f"render_chat([system: s, user: a, assistant: b], False) gave {got!r}. It should be {right!r}."


def test_the_default_system_prompt(learner):
    """A conversation without a system message gets SmolLM2's own."""
    got = learner.render_chat([{"role": "user", "content": "Hi!"}], False)
    right = DEFAULT + "<|im_start|>user\nHi!<|im_end|>\n"
    assert got == right, f"render_chat([user: Hi!], False) gave {got!r}. It should be {right!r}."


def test_an_unknown_role(learner):
    """A role that the model doesn't know is refused."""
    try:
        learner.render_chat([{"role": "user", "content": "Hi!"}, {"role": "bot", "content": "Hello."}], False)
    except ValueError as error:
        assert "bot" in str(error), "render_chat([user: …, bot: …], False) raised a ValueError that doesn't name the role. It should."
    else:
        raise AssertionError("render_chat([user: …, bot: …], False) raised nothing. The contract asks for a ValueError.")
