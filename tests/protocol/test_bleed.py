import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.protocol.bleed import Utterance, is_echo, words_of

BUDGET = "Can you tell me what the budget for next year looks like, please?"
LONG = (
    "So what we saw last quarter is that the cache was cold after every deploy, the first requests took two seconds,"
    " and the customers in Asia were hit the hardest, which is why I would like to warm it up before we switch over."
)
PANGRAM = "the quick brown fox jumps over the lazy dog while nine green birds watch from an old oak tree"


def said(text: str, start_ms: int, end_ms: int | None = None) -> Utterance:
    """What was said, at three words a second."""
    return Utterance(text, start_ms, start_ms + 330 * len(text.split()) if end_ms is None else end_ms)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Don't, STOP!", "dont stop"),
        ("twenty-five percent", "25%"),
        ("2,000 and 3.5", "two thousand and 3"),
        ("follow-up", "follow up"),
        ("R&D", "r and d"),
        ("今日は", "今 日 は"),
        ("Ｆｕｌｌ", "full"),
        ("…?!", ""),
    ],
)
def test_words_are_the_same_however_a_recogniser_writes_them(one: str, other: str) -> None:
    assert words_of(one) == words_of(other)


@pytest.mark.parametrize(
    ("heard", "spoken"),
    [
        pytest.param(said(BUDGET, 1_200), [said(BUDGET, 1_000)], id="the same words a little later"),
        pytest.param(said(BUDGET, 3_000), [said(BUDGET, 1_000)], id="and two seconds later, while the other speaks"),
        pytest.param(
            said("tell me what the budget for next your looks like", 1_900),
            [said(BUDGET, 1_000)],
            id="the onset lost and a word misheard",
        ),
        pytest.param(
            said("the customers in Asia were hit the hardest", 9_700), [said(LONG, 1_000)], id="a part of a long line"
        ),
        pytest.param(
            said("what the budget looks like and when can you send it", 1_300, 5_300),
            [said("what the budget looks like", 1_000, 2_800), said("and when can you send it?", 3_000, 5_000)],
            id="two lines heard as one",
        ),
        pytest.param(said("see you on Friday", 1_100), [said("See you on Friday.", 1_000)], id="four words"),
        pytest.param(said("okay", 1_200), [said("Okay.", 1_000)], id="one word at the same moment"),
        pytest.param(
            said("it cost 25 percent more", 1_200), [said("It cost twenty five % more.", 1_000)], id="numbers"
        ),
    ],
)
def test_what_the_room_repeats_is_an_echo(heard: Utterance, spoken: list[Utterance]) -> None:
    assert is_echo(heard, spoken)
    assert is_echo(heard, [said("Something else from long before.", 0, 900), *spoken])


@pytest.mark.parametrize(
    ("heard", "spoken"),
    [
        pytest.param(said(BUDGET, 10_500), [said(BUDGET, 1_000)], id="the user quotes the other five seconds later"),
        pytest.param(said(BUDGET, 1_000), [said(BUDGET, 1_600)], id="both say the same, the user first"),
        pytest.param(said(LONG, 1_000), [said(LONG, 1_700)], id="both say the same long line, the user first"),
        pytest.param(
            said("The budget for next year?", 6_000), [said(BUDGET, 1_000, 5_300)], id="the user asks back at the end"
        ),
        pytest.param(said("okay", 2_500), [said("Okay.", 1_000, 1_400)], id="one word in reply to itself"),
        pytest.param(said("yes", 1_700), [said("Yes, let us do that.", 1_000)], id="a word of agreement meanwhile"),
        pytest.param(
            said("The budget for next year is two million and it looks good to me", 2_300),
            [said(BUDGET, 1_000)],
            id="an answer in the words of the question",
        ),
        pytest.param(
            said(f"{BUDGET} Sure I will send it tonight", 1_200), [said(BUDGET, 1_000)], id="an echo and a reply in one"
        ),
        pytest.param(said("I think we should wait until Monday", 1_200), [said(LONG, 1_000)], id="talking over it"),
        pytest.param(said(BUDGET, 1_000), [], id="nobody else spoke"),
        pytest.param(said("…", 1_000), [said("…", 1_000)], id="no words"),
    ],
)
def test_the_users_own_words_are_not_an_echo(heard: Utterance, spoken: list[Utterance]) -> None:
    assert not is_echo(heard, spoken)


words = st.lists(st.sampled_from(PANGRAM.split(" ")), min_size=1, max_size=30)
times = st.integers(0, 60_000)


@given(words, st.integers(0, 1_000), times)
def test_any_line_repeated_within_a_second_is_an_echo_from_four_words_on(
    spoken: list[str], late_ms: int, at_ms: int
) -> None:
    text = " ".join(spoken)
    echo = is_echo(said(text.upper(), at_ms + late_ms), [said(text, at_ms)])
    if len(words_of(text)) >= 4 or late_ms <= 400:
        assert echo
    else:
        assert not echo


@given(words, words, st.integers(0, 8_000), st.integers(300, 8_000))
def test_nothing_is_an_echo_of_what_was_said_after_it(
    mine: list[str], theirs: list[str], at_ms: int, later_ms: int
) -> None:
    assert not is_echo(said(" ".join(mine), at_ms), [said(" ".join(theirs), at_ms + later_ms)])


@given(words, st.integers(3_500, 30_000))
def test_nothing_is_an_echo_of_what_ended_long_before(spoken: list[str], pause_ms: int) -> None:
    line = said(" ".join(spoken), 0)
    assert not is_echo(said(" ".join(spoken), line.end_ms + pause_ms), [line])


@given(st.lists(st.builds(Utterance, st.text(max_size=40), times, times), max_size=6), st.permutations(range(6)))
def test_the_order_in_which_lines_are_given_does_not_matter(lines: list[Utterance], order: list[int]) -> None:
    heard = Utterance("one two three four five", 100, 2_000)
    assert is_echo(heard, lines) == is_echo(heard, [lines[index] for index in order if index < len(lines)])
