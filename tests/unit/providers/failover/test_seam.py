"""Nothing is said twice, and nothing is lost, where one provider goes on with another's answer."""

from __future__ import annotations

import time

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


END = "the Seine and has two"
NEW = " million people."


@pytest.mark.parametrize("whole_words", [False, True])
@pytest.mark.parametrize("cut", [by_signs, by_threes, whole])
@pytest.mark.parametrize(
    "said",
    [
        f"\n\n{END}{NEW}",
        f"  It lies on {END}{NEW}",
        f"\n{TEXT}{NEW}",
        f"{TEXT.lower()}{NEW}",
        f"The Seine and has two{NEW}",
        f"{END.upper()}{NEW}",
        f"the  Seine and\nhas two{NEW}",
        f"... {END}{NEW}",
        f"…{END}{NEW}",
        f"```\n{END}{NEW}\n```",
        f"```text\n{TEXT}{NEW}\n```\n",
        f'"{END}{NEW}"',
        f'"{END}"{NEW}',
        f"“{END}”{NEW}",
        f"«{END}»{NEW}",
        f"**{END}**{NEW}",
        f"`{END}`{NEW}",
    ],
)
def test_repetition_is_found_however_it_is_written(said: str, cut: object, whole_words: bool) -> None:
    """In other cases, with other blanks, in quotes or in a code block, whose end goes as well."""
    assert callable(cut)
    assert joined(TEXT, cut(said), whole_words=whole_words) == f"{TEXT}{NEW}"


@pytest.mark.parametrize("cut", [by_signs, whole])
@pytest.mark.parametrize(
    "before", ["Assistant: ", "Sure, I will go on:\n\n", "Here it goes on:\n```\n", "Of course:\n\"'"]
)
def test_words_before_the_repetition_are_left_out(before: str, cut: object) -> None:
    """Some say what they are about to do although they were told not to."""
    assert callable(cut)
    assert joined(TEXT, cut(f"{before}{END}{NEW}"), whole_words=True).startswith(f"{TEXT}{NEW}")


@pytest.mark.parametrize(
    ("text", "said", "expected"),
    [
        ("Le cafe\u0301 est", "Le café est noir", "Le cafe\u0301 est noir"),
        ("Le café est", "Le cafe\u0301 est noir", "Le café est noir"),
        ("Un cafe", "\u0301 noir", "Un cafe\u0301 noir"),
        ("Grüße an alle 😀", "grüsse an alle 😀👍 morgen", "Grüße an alle 😀👍 morgen"),
        ("Die Straße ist lang", "DIE STRASSE IST LANG und breit", "Die Straße ist lang und breit"),
        ("法国的首都是巴黎,它位于", "它位于塞纳河畔。", "法国的首都是巴黎,它位于塞纳河畔。"),
        ("法国的首都是", "巴黎。", "法国的首都是巴黎。"),
        ("भारत की राजधानी", "भारत की राजधानी दिल्ली है", "भारत की राजधानी दिल्ली है"),
        ("한국의 수도는", "서울이다.", "한국의 수도는 서울이다."),
        ("👨‍👩‍👧 go to", "👨‍👩‍👧 go to the sea", "👨‍👩‍👧 go to the sea"),
    ],
)
@pytest.mark.parametrize("cut", [by_signs, by_threes, whole])
def test_every_script_goes_on(text: str, said: str, expected: str, cut: object) -> None:
    """Accents composed in two ways, scripts without blanks or cases, vowel signs, pictures."""
    assert callable(cut)
    assert joined(text, cut(said), whole_words=True) == expected


@pytest.mark.parametrize("cut", [by_signs, by_threes, whole])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("for name in names:\n    print(", "name)\nfor name in more:\n"),
        ("while self.left != self.right:\n", "    self.left = self.right\n"),
        ("def run(self, credential: ", "Credential | None) -> None:"),
        ("where: Mapping[str", ", str] = {}"),
        ("Here is the code:\n\n", "```python\nprint(1)\n```"),
        ("```python\nprint(1)\n", "```\n\nThat prints 1."),
        ('{"at": "2026-01-01T00:00:01"}\n{"at": "2026-01-01T00:00:02"}', '\n{"at": "2026-01-01T00:00:03"}'),
        ("1. Boil the water first.\n", "2. Boil the tea then."),
        ('He said "', 'go" and went. "Yes"'),
        ("😀😀", "😀"),
        ("---", "\n\n***"),
    ],
)
def test_what_is_new_stays_as_it_is(text: str, said: str, cut: object) -> None:
    """Code, lists, data and quotes that go on as they began are no repetition, and lose no sign."""
    assert callable(cut)
    assert joined(text, cut(said)) == text + said


def test_code_block_that_is_open_stays_open() -> None:
    """A provider that opens it again does not put the line into the code, and closes it once."""
    text = "So:\n```python\nfor name in names:\n    print("
    for said in ("```python\nname)\n```", "```python\nfor name in names:\n    print(name)\n```"):
        assert joined(text, by_signs(said), whole_words=True) == f"{text}name)\n```"


def test_inner_quotes_stay_when_the_outer_ones_go() -> None:
    """Only what was put around the repetition is taken away."""
    assert joined(TEXT, by_signs(f'"{END} "banks"')) == f'{TEXT} "banks"'
    assert joined(TEXT, by_signs(f'"{END} "banks""')) == f'{TEXT} "banks"'


def test_joining_takes_time_in_proportion_to_the_text() -> None:
    """Also where the next provider says a long answer again, a sign at a time."""
    text = "".join(f"Line {number} of a long answer.\n" for number in range(4000))
    began = time.process_time()
    assert joined(text, by_signs(f"{text}The end.")) == f"{text}The end."
    assert time.process_time() - began < 20


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
    """As many as can be repeated, in scripts without blanks, too."""
    assert last_words("One two  three four\nfive six seven eight ") == "three four five six seven eight"
    assert len(last_words("法国的首都是巴黎" * 1000)) == 80
    assert last_words("One") == "One"
    assert last_words(" ") == ""
