"""Every refusal is a sentence with a way out, and survives the way home from a worker process."""

from __future__ import annotations

import pickle

import pytest

from ceteris import errors
from ceteris.errors import BadInputError, CeterisError, ParamsError, Problems, StaleEditError, nearest, some

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, CeterisError)]


def test_a_refusal_says_what_was_wrong_and_then_what_to_do() -> None:
    assert str(BadInputError("Row 3 is empty. ", "Fill it.")) == "Row 3 is empty. Fill it."


def test_after_a_list_of_bad_lines_what_to_do_stands_on_a_line_of_its_own() -> None:
    assert str(StaleEditError("Bad:", "Mend.", ["line 1", "line 2"])) == "Bad:\n  line 1\n  line 2\nMend."


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_refusal_travels_between_processes_whole(kind: type[CeterisError]) -> None:
    error = StaleEditError("Bad:", "Mend.", ["line 1", "line 2"]) if kind is StaleEditError else kind("Bad.", "Mend.")
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is kind
    assert (str(back), back.what, back.do, vars(back)) == (str(error), error.what, error.do, vars(error))


def test_every_kind_of_refusal_ends_a_process_with_a_code_of_its_own() -> None:
    special = [kind.exit_code for kind in KINDS if kind.__name__ not in ("CeterisError", "BadInputError", "ParamsError")]
    assert len(set(special)) == len(special)
    assert all(kind.exit_code >= 2 for kind in KINDS)


def test_at_most_five_values_are_listed_and_all_are_counted() -> None:
    assert some(["a", "b"]) == "'a', 'b'"
    assert some(range(7)) == "'0', '1', '2', '3', '4' and 2 more (7 in all)"


def test_the_nearest_known_word_is_suggested_or_all_are_shown() -> None:
    assert nearest("validaton", ["validation", "test"]) == " Did you mean 'validation'?"
    assert nearest("zzz", ["validation", "test"]) == " Known: 'validation', 'test'."


def test_one_problem_is_raised_as_it_is_and_several_as_a_list() -> None:
    problems = Problems("mine.csv")
    problems.refuse()
    with problems.noted():
        raise ParamsError("A line is odd.", "Mend it.")
    with pytest.raises(ParamsError, match=r"^A line is odd\. Mend it\.$"):
        problems.refuse()
    problems.add("Row 3 is empty.", "Fill it.")
    with pytest.raises(BadInputError) as refusal:
        problems.refuse()
    assert str(refusal.value).splitlines() == [
        "mine.csv cannot be used as it is, for 2 reasons:",
        "  1. A line is odd. Mend it.",
        "  2. Row 3 is empty. Fill it.",
        "Resolve each of them.",
    ]


def test_what_is_no_refusal_is_not_noted() -> None:
    problems = Problems("mine.csv")
    with pytest.raises(KeyError), problems.noted():
        raise KeyError
    assert problems.found == []


def test_a_notebook_shows_the_sentence_in_place_of_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    shell.run_cell("from ceteris.errors import BadInputError\nraise BadInputError('Row 3 is empty.', 'Fill it.')")
    shown = capsys.readouterr().out
    assert shown.strip() == "BadInputError: Row 3 is empty. Fill it."
