"""Public checks of `usable_sources`."""

from tunelab import expect

PURPOSE = {"commercial": True, "share_alike": False, "personal_data": True, "language": "en", "test_from": ["reviews-2004"]}
GOOD = {"name": "a", "licence": "MIT", "personal": False, "languages": ["en"], "made_from": ["letters-1998"]}


def verdict(learner, wanted, hint, without=None, **changes):
    card = {key: value for key, value in (GOOD | changes).items() if key != without}
    call = f"usable_sources([card], purpose), where the card is {card} and the purpose {PURPOSE},"
    got = learner.usable_sources([card], PURPOSE)
    expect.mapping(got, call=call, keys=["a"])
    assert got["a"] == wanted, f"{call} gave {got}, where {{'a': {wanted!r}}} is right. {hint}"


def test_nothing_against_it(learner):
    """A card that meets everything is usable."""
    verdict(learner, "usable", "Nothing speaks against it. Consent isn't needed where there are no personal data.")


def test_licences(learner):
    """No licence, and one that forbids commercial use."""
    verdict(learner, "licence", "No licence is no permission.", without="licence")
    verdict(learner, "non-commercial", "The purpose is commercial.", licence="CC-BY-NC-4.0")


def test_people(learner):
    """Personal data without consent."""
    verdict(learner, "consent", "It holds personal data, and doesn't say that the people agreed.", personal=True)
    verdict(learner, "usable", "The people concerned agreed.", personal=True, consent=True)


def test_language_and_overlap(learner):
    """Another language; the collection of the test set."""
    verdict(learner, "language", "The purpose's language isn't there.", languages=["de"])
    verdict(learner, "overlap", "The test set was made from it, too.", made_from=["letters-1998", "reviews-2004"])
