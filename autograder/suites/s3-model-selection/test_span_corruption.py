"""Hidden suite of `span_corruption`."""

import pytest

from tunelab import expect

EOS = 1
ARTICLES = {"input": "an", "target": "a"}


def draw(rng, spans, apart=1, length=None):
    """Token ids from 100 on (all different), spans that are at least `apart` tokens apart, and sentinels in no order of size."""
    sizes, gaps = rng.integers(1, 4, size=spans), rng.integers(apart, apart + 4, size=spans + 1)
    if apart == 0:
        gaps[1:-1] = 0
        gaps[[0, -1]] = rng.integers(2, 5, size=2)
    places, at = [], int(gaps[0])
    for size, gap in zip(sizes, gaps[1:], strict=True):
        places.append((at, at + int(size)))
        at += int(size) + int(gap)
    ids = (100 + rng.permutation(400)[: at + 1]).tolist()
    sentinels = (9000 + rng.permutation(90)[: spans + 3]).tolist()
    return ids, places, sentinels


def shown(ids, spans, sentinels):
    return f"span_corruption({ids}, {spans}, {sentinels}, {EOS})"


def called(learner, ids, spans, sentinels, known=True):
    """A pair of lists of plain integers, all of them (when `known`) from the lists that were passed in."""
    call = shown(ids, spans, sentinels)
    got = expect.sequence(learner.span_corruption(list(ids), list(spans), list(sentinels), EOS), call=call, kind=(tuple, list), length=2)
    for name, part in zip(("input", "target"), got, strict=True):
        expect.sequence(part, call=f"{call} as its {name}")
        wrong = next((x for x in part if type(x) is not int), 0)
        assert wrong == 0, (
            f"{call} gave {ARTICLES[name]} {name} that holds {wrong!r}, which is no token id (an int). Is a list nested in the list?"
        )
        strange = [t for t in part if t not in ids and t not in sentinels and t != EOS]
        assert not (known and strange), (
            f"{call} gave {ARTICLES[name]} {name} with {strange[0]}, which isn't one of the sentinels, nor a token of the text. Take sentinels from the list, as they come."
        )
    return got, call


def bare(part):
    """An input or target without its end token: another test looks for that."""
    return part[:-1] if part[-1:] == [EOS] else part


def first_wrong(part, right):
    """Where a list first goes another way than it should."""
    for place, (got, wanted) in enumerate(zip(part, right, strict=False)):
        if got != wanted:
            return f"The first place that is wrong is {place} (counted from 0), which holds {got}"
    return (
        f"It is right as far as it goes, but ends too early, after {len(part)} items"
        if len(part) < len(right)
        else f"After {len(right)} items it should end, and goes on"
    )


def with_holes(ids, spans, sentinels):
    """The input by its definition: each place is kept, or it is the first of a span, or it is gone."""
    first = {start: sentinels[number] for number, (start, _) in enumerate(spans)}
    gone = {place for start, end in spans for place in range(start, end)}
    return [first.get(place, token) for place, token in enumerate(ids) if place in first or place not in gone]


@pytest.mark.points(2)
def test_the_input_has_a_sentinel_for_each_span(learner, rng):
    """In the input each span is replaced by a sentinel of its own, and all else stays."""
    ids, spans, sentinels = draw(rng, 3)
    (source, _), call = called(learner, ids, spans, sentinels)
    left = [ids[place] for start, end in spans for place in range(start, end) if ids[place] in source]
    assert not left, (
        f"{call} gave an input that still holds token {left[0]}, which lies in a span. A span (start, end) goes from start up to, but not including, end; all of it is replaced."
    )
    lost = [t for t in ids if t not in source and not any(t in ids[a:b] for a, b in spans)]
    assert not lost, (
        f"{call} gave an input without token {lost[0]}, which is in no span. A span ends before its `end`; what follows is kept."
    )
    used = [t for t in source if t in sentinels]
    assert len(set(used)) == len(used), (
        f"{call} used a sentinel twice in the input. Each span gets the next sentinel, so that the model can tell the holes apart."
    )
    assert len(used) == 3, f"{call} gave an input with {len(used)} sentinels for 3 spans."
    assert used == sentinels[:3], f"{call} took the sentinels in another order than that of the list, whatever their numbers are."
    right = with_holes(ids, spans, sentinels)
    assert bare(source) == right, (
        f"{call} gave an input in which tokens or sentinels don't stand where they should. {first_wrong(bare(source), right)}."
    )


@pytest.mark.points(2)
def test_the_target_holds_what_was_taken_out(learner, rng):
    """In the target each sentinel is followed by the tokens that it stands for."""
    ids, spans, sentinels = draw(rng, 3)
    (_, target), call = called(learner, ids, spans, sentinels)
    extra = [t for t in target if t in ids and not any(t in ids[a:b] for a, b in spans)]
    assert not extra, (
        f"{call} gave a target with token {extra[0]}, which is in no span. The target holds only what was taken out of the input."
    )
    lost = [t for a, b in spans for t in ids[a:b] if t not in target]
    assert not lost, f"{call} gave a target without token {lost[0]}, which lies in a span: nobody could rebuild the text."
    for number, (start, end) in enumerate(spans):
        piece = [sentinels[number], *ids[start:end]]
        assert any(target[k : k + len(piece)] == piece for k in range(len(target))), (
            f"{call} gave a target in which sentinel {number + 1} isn't followed by the tokens of span {number + 1}, in their order."
        )
    order = [t for t in target if t in sentinels[:3]]
    assert order == sentinels[:3], f"{call} gave a target whose spans aren't in the order of the text, or whose sentinels repeat."


@pytest.mark.points(1)
def test_the_target_ends_with_one_more_sentinel(learner, rng):
    """After the last span comes one more sentinel, which says that there is no further span."""
    ids, spans, sentinels = draw(rng, 2)
    (source, target), call = called(learner, ids, spans, sentinels)
    assert sentinels[2] in target, (
        f"{call} gave a target without the final sentinel: one more than there are spans, to mark the end of the last one."
    )
    assert [t for t in target if t != EOS][-1] == sentinels[2], (
        f"{call} gave a target in which the final sentinel doesn't come after the last span."
    )
    assert sentinels[2] not in source, (
        f"{call} put the final sentinel into the input too. It stands for no hole: it belongs to the target only."
    )


@pytest.mark.points(1)
def test_both_end_with_the_end_token(learner, rng):
    """Input and target each end with the end token, once."""
    ids, spans, sentinels = draw(rng, 2)
    (source, target), call = called(learner, ids, spans, sentinels, known=False)
    for name, part in (("input", source), ("target", target)):
        assert part[-1:] == [EOS], (
            f"{call} gave {ARTICLES[name]} {name} that doesn't end with the end token. The model must learn where a text stops, on both sides."
        )
        assert part.count(EOS) == 1, f"{call} gave {ARTICLES[name]} {name} with {part.count(EOS)} end tokens."


@pytest.mark.points(2)
def test_spans_that_touch_stay_two(learner, rng):
    """Two spans next to each other get a sentinel each."""
    ids, spans, sentinels = draw(rng, 3, apart=0)
    (source, target), call = called(learner, ids, spans, sentinels)
    used = [t for t in source if t in sentinels]
    assert len(used) == 3, (
        f"{call} gave an input with {len(used)} sentinel{'s' * (len(used) != 1)} for 3 spans that touch. Where one span ends and the next begins, both keep a sentinel of their own: spans aren't merged."
    )
    right = with_holes(ids, spans, sentinels)
    assert bare(source) == right, f"{call}, whose spans touch, gave the input {source}. {first_wrong(bare(source), right)}."
    (a, b), (c, d), (e, f) = spans
    pieces = [sentinels[0], *ids[a:b], sentinels[1], *ids[c:d], sentinels[2], *ids[e:f], sentinels[3]]
    assert bare(target) == pieces, f"{call}, whose spans touch, gave the target {target}. {first_wrong(bare(target), pieces)}."


@pytest.mark.points(1)
def test_no_spans_and_the_whole_text(learner, rng):
    """With no span the target is empty but for its end; a span may also be at the beginning, at the end, or be all there is."""
    ids, _, sentinels = draw(rng, 2)
    (source, target), call = called(learner, ids, [], sentinels)
    assert source == [*ids, EOS], f"{call} gave another input than the text and the end token, though nothing is taken out."
    assert target == [sentinels[0], EOS], (
        f"{call} gave the target {target}. The final sentinel and the end token come even when there is no span."
    )
    n = len(ids)
    for spans in ([(0, n)], [(0, 2), (n - 2, n)]):
        (source, target), call = called(learner, ids, spans, sentinels)
        right = [*with_holes(ids, spans, sentinels), EOS]
        assert source == right, f"{call} gave the input {source}. {first_wrong(source, right)}."
        right = [t for number, (a, b) in enumerate(spans) for t in (sentinels[number], *ids[a:b])] + [sentinels[len(spans)], EOS]
        assert target == right, f"{call} gave the target {target}. {first_wrong(target, right)}."


@pytest.mark.points(2)
def test_input_and_target_rebuild_the_text(learner, rng):
    """From input and target together the text can be put together again, repeated tokens and all."""
    for _ in range(4):
        ids, spans, sentinels = draw(rng, int(rng.integers(1, 6)))
        ids = (100 + rng.integers(0, 3, size=len(ids))).tolist()
        (source, target), call = called(learner, ids, spans, sentinels)
        if rebuilt(source, target, sentinels) == ids:
            continue
        (apart, taken), _ = called(learner, list(range(100, 100 + len(ids))), spans, sentinels)
        assert rebuilt(apart, taken, sentinels) != list(range(100, 100 + len(ids))), (
            f"{call} gave an input and a target that don't rebuild the text, though they do where all tokens differ. "
            "Do you go by places, or do you look tokens up by value, which finds the first of several that are equal?"
        )
        raise AssertionError(
            f"{call} gave the input {source} and the target {target}. Put what follows a sentinel in the target where that sentinel stands in the input: that doesn't give the text again."
        )


def rebuilt(source, target, sentinels):
    """The text that one gets when each sentinel of the input is replaced by what follows it in the target."""
    pieces, current = {}, []
    for token in target:
        if token in sentinels:
            current = pieces.setdefault(token, [])
        elif token != EOS:
            current.append(token)
    return [t for token in source if token != EOS for t in (pieces.get(token, []) if token in sentinels else [token])]


@pytest.mark.points(1)
def test_too_few_sentinels(learner, rng):
    """With fewer sentinels than spans and one more, there is a ValueError that names them; with just enough there is none."""
    ids, spans, sentinels = draw(rng, 3)
    for few in (3, 1):
        call = shown(ids, spans, sentinels[:few])
        try:
            learner.span_corruption(list(ids), list(spans), sentinels[:few], EOS)
        except ValueError as error:
            assert "sentinels" in str(error), f"{call} raised a ValueError that says {str(error)[:80]!r}. Name `sentinels` in it."
        except IndexError:
            raise AssertionError(
                f"{call} raised an IndexError. Look at the number of sentinels first, and raise a ValueError that says what is missing."
            ) from None
        else:
            raise AssertionError(
                f"{call} raised nothing, though 3 spans need 4 sentinels. `zip` stops at the shorter list without a word, and a span is lost."
            )
    (_, target), call = called(learner, ids, spans, sentinels[:4])
    assert target[-2:] == [sentinels[3], EOS], (
        f"{call}, with just enough sentinels, gave a target that doesn't end with the last of them and the end token."
    )


@pytest.mark.points(1)
def test_arguments_are_left_alone(learner, rng):
    """The text, the spans and the sentinels that were passed in are as before."""
    ids, spans, sentinels = draw(rng, 2)
    (source, _), call = called(learner, ids, spans, sentinels, known=False)
    assert bare(source) != ids, f"{call} gave the text back as it was."
    assert list(learner.last.args[:3]) == [ids, spans, sentinels], (
        f"{call} changed one of its arguments. The same text is corrupted differently in the next epoch: work on a copy."
    )
