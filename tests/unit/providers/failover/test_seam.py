"""Nothing is said twice, and nothing is lost, where one provider goes on with another's answer."""

from __future__ import annotations

import pytest

from conduit_widget.providers.failover.seam import RestartedError, Seam, last_words

TEXT = "The capital of France is Paris. It lies on the Seine and has two"
LONG = "Once upon a time there was a fox who lived in a wood. " * 40 + "One day it met"


def joined(text: str, pieces: list[str], *, whole_words: bool = False) -> str:
    """The answer as readers have it."""
    seam = Seam(text, whole_words=whole_words)
    return text + "".join([seam.feed(piece) for piece in pieces]) + seam.end()


def by_signs(text: str) -> list[str]:
    """A text in pieces of one sign."""
    return list(text)


def by_threes(text: str) -> list[str]:
    """A text in pieces of three signs."""
    return [text[index : index + 3] for index in range(0, len(text), 3)]


def whole(text: str) -> list[str]:
    """A text in one piece."""
    return [text]


@pytest.mark.parametrize("cut", [by_signs, by_threes, whole])
@pytest.mark.parametrize(
    ("text", "said", "expected"),
    [
        (TEXT, " million people.", f"{TEXT} million people."),
        (TEXT, f"{TEXT} million people.", f"{TEXT} million people."),
        (TEXT, "It lies on the Seine and has two million people.", f"{TEXT} million people."),
        (TEXT, "the Seine and has two million people.", f"{TEXT} million people."),
        (TEXT, "two million people.", f"{TEXT} million people."),
        (TEXT, "…and has two million people.", f"{TEXT} million people."),
        ("It is in Fra", "nce.", "It is in France."),
        ("It is in Fra", "France.", "It is in France."),
        ("A\n\n", "\n\nB", "A\n\nB"),
        ("A ", " B", "A B"),
        ("He said: so", "on after", "He said: soon after"),
        ("1, 2, 3", ", 4", "1, 2, 3, 4"),
        ("x = 1", "0", "x = 10"),
        ("Grüße 😀 an", " alle 😀", "Grüße 😀 an alle 😀"),
        (LONG, f"{LONG} a crow.", f"{LONG} a crow."),
        (LONG, " a crow.", f"{LONG} a crow."),
        (TEXT, "", TEXT),
        (TEXT, TEXT, TEXT),
        (TEXT, "It lies on the Seine and has", TEXT),
    ],
)
def test_answer_goes_on_without_a_repetition(text: str, said: str, expected: str, cut: object) -> None:
    """Whatever the next provider repeats, and however its text is cut into pieces."""
    assert callable(cut)
    assert joined(text, cut(said)) == expected


@pytest.mark.parametrize("cut", [by_signs, whole])
@pytest.mark.parametrize("whole_words", [False, True])
def test_another_answer_is_not_glued_on(cut: object, whole_words: bool) -> None:
    """One that begins like the text and then differs is refused, whether it comes whole or in pieces."""
    assert callable(cut)
    with pytest.raises(RestartedError):
        joined(TEXT, cut("The capital of France is Paris, which was founded"), whole_words=whole_words)


def test_last_sentence_in_other_words_is_refused() -> None:
    """Where the provider was told to begin with the last words, and says them differently."""
    with pytest.raises(RestartedError):
        joined(TEXT, ["It lies on the Seine and has the Louvre, two"], whole_words=True)


def test_word_that_was_whole_gets_its_blank() -> None:
    """A provider that is told to go on leaves the blank out as often as not."""
    assert (
        joined("The capital of France", ["is Paris."], whole_words=True) == "The capital of France is Paris."
    )
    assert joined("The capital of", ["of France."], whole_words=True) == "The capital of France."


def test_new_text_is_not_held_back() -> None:
    """What repeats nothing is passed on with the piece it came in."""
    seam = Seam(TEXT, whole_words=False)
    assert seam.feed(" million") == " million"
    assert seam.is_joined
    assert Seam("", whole_words=False).is_joined


def test_last_words_are_those_of_the_text() -> None:
    """With the blanks between them."""
    assert last_words("One two  three four\nfive six seven eight ") == "three four\nfive six seven eight"
    assert last_words("One") == "One"
    assert last_words(" ") == ""
