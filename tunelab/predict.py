"""`predict("…", choices, answer=…)`: the reader commits to an outcome before seeing it, then learns why each choice was tempting.

In a notebook the choices fold open one by one; that needs no kernel and no saved widget state, so it works in a notebook that is only being read, too.
"""

from __future__ import annotations

from collections.abc import Mapping

from tunelab.display import inline, publish


def predict(question: str, choices: Mapping[str, str], answer: str) -> None:
    """Asks for a prediction.

    Args:
        question: what is to be predicted.
        choices: for each outcome, what is told to somebody who chose it.
        answer: the outcome that comes true, one of `choices`.

    Raises ValueError when there are fewer than two choices, when the answer isn't one of them, or when a choice has no words for those who took it.
    """
    if len(choices) < 2 or answer not in choices:
        raise ValueError(f"predict({question!r}): give two choices or more, and as `answer` one of them, word for word.")
    if silent := [choice for choice, reason in choices.items() if not reason.strip()]:
        raise ValueError(f"predict({question!r}): say why it was tempting to choose {silent[0]!r}.")
    publish(_as_html(question, choices, answer), _as_text(question, choices, answer))


def _as_html(question: str, choices: Mapping[str, str], answer: str) -> str:
    folds = "".join(
        '<details style="margin: 0.4em 0; padding: 0.3em 0.8em; border: 1px solid rgba(128, 128, 128, 0.5); border-radius: 4px">'
        f'<summary style="cursor: pointer">{inline(choice)}</summary>'
        f'<p style="margin: 0.4em 0"><strong>{_verdict(choice == answer)}</strong> {inline(reason)}</p></details>'
        for choice, reason in choices.items()
    )
    return (
        '<div style="max-width: 48em"><p style="margin: 0.4em 0"><strong>Your prediction.</strong> '
        f"{inline(question)}</p>{folds}"
        '<p style="margin: 0.4em 0; opacity: 0.8">Choose one and open it. Then open the others, before you read on.</p></div>'
    )


def _as_text(question: str, choices: Mapping[str, str], answer: str) -> str:
    asked = [f"Your prediction. {question}", *(f"  {number}. {choice}" for number, choice in enumerate(choices, 1))]
    told = [f"  {number}. {_verdict(choice == answer)} {reason}" for number, (choice, reason) in enumerate(choices.items(), 1)]
    return "\n".join([*asked, "", "Choose one before you read on.", *[""] * 3, *told])


def _verdict(right: bool) -> str:
    return "✓ It comes true." if right else "✗ It doesn't."
