"""Hidden suite of `usable_sources`."""

import pytest

from tunelab import expect

REASONS = ("licence", "non-commercial", "share-alike", "personal data", "consent", "language", "overlap")
FREE = ("cc0-1.0", "mit", "apache-2.0", "cc-by-4.0")
BOUND = ("cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0")


def good(rng, **other):
    """A card that any purpose accepts, with a name of its own."""
    card = {
        "name": f"source-{int(rng.integers(10**6, 10**7))}",
        "licence": str(rng.choice(FREE)),
        "personal": False,
        "consent": None,
        "languages": ["de", "en", "fr"],
        "made_from": [f"crawl-{int(rng.integers(100, 999))}"],
    }
    return card | other


def purpose(**other):
    return {
        "commercial": True,
        "share_alike": False,
        "personal_data": True,
        "language": "en",
        "test_from": ["reviews-2004", "held-out"],
    } | other


def without(card, key):
    return {k: v for k, v in card.items() if k != key}


def judged(learner, cards, aim, about):
    """The ladder up to the verdicts: one known word for each card, in order."""
    call = f"usable_sources(cards, purpose), {about},"
    got = learner.usable_sources(cards, aim)
    assert learner.last.args == (cards, aim), (
        f"{call} changed a card or the purpose. They belong to the caller: look a value up, and write nothing back."
    )
    names = [card["name"] for card in cards]
    expect.mapping(got, call=call, keys=names)
    for name, verdict in got.items():
        assert type(verdict) is str and verdict in ("usable", *REASONS), (
            f"{call} gave {verdict!r:.40} for {name}. The verdicts are 'usable', {', '.join(map(repr, REASONS))}."
        )
    return got, call


def no_reason(said, card, aim):
    """Why what was said is no reason to refuse this card; nothing where it is one."""
    licence = card.get("licence") or ""
    origin = card.get("made_from")
    match said:
        case "licence" if licence.lower() in (*FREE, *BOUND):
            cased = " Upper or lower case doesn't matter in its name." if licence != licence.lower() else ""
            return f"The licence is in LICENCES.{cased}"
        case "non-commercial" if not aim["commercial"]:
            return "The purpose isn't commercial: the condition is met."
        case "share-alike" if aim["share_alike"]:
            return "The purpose accepts that condition."
        case "personal data" if aim["personal_data"]:
            return "The purpose doesn't forbid personal data."
        case "personal data" if card.get("personal") is False:
            return "It is free of personal data."
        case "consent" if card.get("personal") is False:
            return "Where there are no personal data, nobody need be asked."
        case "consent" if card.get("consent") is True:
            return "The people concerned agreed."
        case "language" if aim["language"] in (card.get("languages") or []):
            return "The purpose's language is among its languages."
        case "overlap" if origin == []:
            return "An empty list is known: it was made from no collection, so nothing overlaps. Not known is None, or no such key."
        case "overlap" if origin is not None and not set(origin) & set(aim["test_from"]):
            return "None of what it was made from is in the test set. Names are compared whole."
    return ""


def why(said, verdict, card, aim, hint):
    """What to say of a wrong verdict: that nothing speaks for it, that an earlier one applies as well, or else the hint."""
    earlier = verdict in REASONS and said in REASONS and REASONS.index(verdict) < REASONS.index(said)
    return (
        no_reason(said, card, aim)
        or (earlier and f"{said!r} applies, but so does a reason that stands earlier in the contract's list, and the first is given.")
        or hint
    )


def expected(learner, rng, cards_and_verdicts, aim, about, hint):
    """Each card gets its verdict, among cards that are in order, so that refusing or accepting all isn't enough."""
    fine = [good(rng, consent=True) for _ in range(2)]
    rows = [(card, verdict) for card, verdict in cards_and_verdicts] + [(card, "usable") for card in fine]
    rows = [rows[i] for i in rng.permutation(len(rows))]
    got, call = judged(learner, [card for card, _ in rows], aim, about)
    for card, verdict in rows:
        said = got[card["name"]]
        if card in fine:
            assert said == "usable", (
                f"{call} refused a source for its {said!r} that is free, in English, free of personal data and made from nothing of the test set. {no_reason(said, card, aim)}".rstrip()
            )
        else:
            shown = {key: value for key, value in card.items() if key != "name"}
            assert said == verdict, f"{call} gave {said!r} for the card {shown}. {why(said, verdict, card, aim, hint)}"


@pytest.mark.points(1)
def test_good_sources_pass(learner, rng):
    """A source that meets everything is usable, and each card gets a verdict, in order."""
    cards = [good(rng, licence=licence) for licence in FREE]
    got, call = judged(learner, cards, purpose(), "on four cards that meet everything")
    refused = [card for card in cards if got[card["name"]] != "usable"]
    for card in refused:
        said = got[card["name"]]
        shown = {key: value for key, value in card.items() if key != "name"}
        raise AssertionError(
            f"{call} refused {len(refused)} of them, such as {shown} for {said!r}. Nothing speaks against any of them. {no_reason(said, card, purpose())}"
        )
    assert list(got) == [card["name"] for card in cards], f"{call} gave its verdicts in another order than that of `cards`."


@pytest.mark.points(2)
def test_no_licence_is_no_permission(learner, rng):
    """A licence that is missing, unknown or empty is a reason to refuse: who publishes a thing hasn't given it away."""
    cases = [
        (without(good(rng), "licence"), "licence"),
        (good(rng, licence=None), "licence"),
        (good(rng, licence=""), "licence"),
        (good(rng, licence="all rights reserved"), "licence"),
        (good(rng, licence="cc-by-nc"), "licence"),
    ]
    expected(
        learner,
        rng,
        cases,
        purpose(commercial=bool(rng.integers(2))),
        "on cards without a known licence",
        "No licence means no permission: the law keeps all rights with the author. And a licence that isn't in LICENCES is one that you don't know.",
    )
    cased = [(good(rng, licence="CC-BY-4.0"), "usable"), (good(rng, licence="MIT"), "usable")]
    expected(learner, rng, cased, purpose(), "on licences in capitals", "Upper or lower case doesn't matter in the name of a licence.")


@pytest.mark.points(2)
def test_non_commercial(learner, rng):
    """A non-commercial licence is refused for a commercial purpose, and for no other."""
    nc = [good(rng, licence="cc-by-nc-4.0"), good(rng, licence="CC-BY-NC-SA-4.0")]
    hint = "The purpose is commercial, and the licence forbids that. Look its conditions up in LICENCES."
    expected(
        learner,
        rng,
        [(card, "non-commercial") for card in nc],
        purpose(share_alike=True),
        "on non-commercial licences and a commercial purpose",
        hint,
    )
    expected(
        learner,
        rng,
        [(card, "usable") for card in nc],
        purpose(commercial=False, share_alike=True),
        "on non-commercial licences and a purpose that isn't commercial",
        "The purpose isn't commercial: the condition is met.",
    )


@pytest.mark.points(1)
def test_share_alike(learner, rng):
    """A share-alike licence is refused where the purpose doesn't accept it."""
    cards = [good(rng, licence="cc-by-sa-4.0"), good(rng, licence="cc-by-nc-sa-4.0")]
    free = {"commercial": False}
    hint = "It must be passed on under the same licence, and the purpose doesn't accept that."
    expected(
        learner,
        rng,
        [(card, "share-alike") for card in cards],
        purpose(**free),
        "on share-alike licences that the purpose doesn't accept",
        hint,
    )
    expected(
        learner,
        rng,
        [(card, "usable") for card in cards],
        purpose(share_alike=True, **free),
        "on share-alike licences that the purpose accepts",
        "The purpose accepts it.",
    )


@pytest.mark.points(2)
def test_personal_data_and_consent(learner, rng):
    """Personal data need a purpose that may use them, and people who agreed; what isn't known counts as the worse."""
    agreed = [good(rng, personal=True, consent=True), good(rng, personal=None, consent=True), without(good(rng, consent=True), "personal")]
    silent = [
        good(rng, personal=True),
        good(rng, personal=True, consent=False),
        without(good(rng, personal=True), "consent"),
        without(good(rng), "personal"),
    ]
    hint = "A card that doesn't say that it is free of personal data may hold some."
    expected(
        learner,
        rng,
        [(card, "usable") for card in agreed],
        purpose(),
        "where the people concerned agreed",
        "They agreed, and the purpose allows it.",
    )
    expected(
        learner,
        rng,
        [(card, "consent") for card in silent],
        purpose(),
        "where it isn't known that the people concerned agreed",
        "Not to have been asked is not to have agreed. " + hint,
    )
    cards = [*agreed, *silent]
    expected(
        learner,
        rng,
        [(card, "personal data") for card in cards],
        purpose(personal_data=False),
        "where the purpose forbids personal data",
        "The purpose forbids them, whoever agreed. " + hint,
    )
    unasked = [(good(rng, consent=False), "usable"), (without(good(rng), "consent"), "usable")]
    expected(
        learner,
        rng,
        unasked,
        purpose(personal_data=False),
        "on sources free of personal data",
        "Where there are no personal data, nobody need be asked.",
    )


@pytest.mark.points(1)
def test_language(learner, rng):
    """The purpose's language must be among the source's."""
    cases = [
        (good(rng, languages=["de", "fr"]), "language"),
        (good(rng, languages=[]), "language"),
        (good(rng, languages=None), "language"),
        (without(good(rng), "languages"), "language"),
        (good(rng, languages=["enm"]), "language"),
        (good(rng, languages=["fr", "en"]), "usable"),
    ]
    expected(
        learner, rng, cases, purpose(), "on cards of many languages", "The code must be one of the list, whole. What isn't said isn't so."
    )


@pytest.mark.points(2)
def test_overlap_with_the_test(learner, rng):
    """A source made from a collection of the test set is refused, and so is one of unknown origin."""
    cases = [
        (good(rng, made_from=["crawl-7", "held-out"]), "overlap"),
        (good(rng, made_from=["reviews-2004"]), "overlap"),
        (good(rng, made_from=None), "overlap"),
        (without(good(rng), "made_from"), "overlap"),
        (good(rng, made_from=["reviews-2005", "held"]), "usable"),
        (good(rng, made_from=[]), "usable"),
    ]
    expected(
        learner,
        rng,
        cases,
        purpose(),
        "on cards of many origins",
        "A collection that the test set was made from must not be trained on; names are compared whole. Where nobody knows the origin, nobody knows that.",
    )
    expected(
        learner,
        rng,
        [(good(rng, made_from=["held-out"]), "usable")],
        purpose(test_from=[]),
        "with a test set of nobody's collection",
        "There is nothing to overlap with.",
    )


@pytest.mark.points(2)
def test_the_first_reason(learner, rng):
    """When several reasons apply, the first in the contract's order is given."""
    worst = good(rng, licence="cc-by-nc-sa-4.0", personal=True, consent=False, languages=["de"], made_from=["held-out"])
    hard = purpose(personal_data=False)
    ladder = [
        (worst | {"licence": "who knows"}, hard, "licence"),
        (worst, hard, "non-commercial"),
        (worst, hard | {"commercial": False}, "share-alike"),
        (worst | {"licence": "mit"}, hard, "personal data"),
        (worst | {"licence": "mit"}, purpose(), "consent"),
        (worst | {"licence": "mit", "personal": False}, hard, "language"),
        (worst | {"licence": "mit", "personal": False, "languages": ["en"]}, hard, "overlap"),
    ]
    hint = "Of all reasons that apply, the first of the contract's list is asked for."
    for card, aim, verdict in ladder:
        expected_one = [(card, verdict)]
        fine = good(rng)
        got, call = judged(learner, [fine, card], aim, "where several reasons apply to one card")
        for one, right in expected_one:
            assert got[one["name"]] == right, (
                f"{call} gave {got[one['name']]!r} for { ({k: v for k, v in one.items() if k != 'name'}) } and the purpose {aim}. {why(got[one['name']], right, one, aim, hint)}"
            )
        assert got[fine["name"]] == "usable", (
            f"{call} refused a card that meets everything, for {got[fine['name']]!r}. {no_reason(got[fine['name']], fine, aim)}"
        )
