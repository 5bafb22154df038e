"""Which version to ship: the one that surely helps most, else `given`, and always with the reason."""

from __future__ import annotations

from typing import Any

import pandas as pd
from small import edit

from ceteris.recommending.guidance import ANSWERED, Sampled, answered_rows, guidance
from ceteris.recommending.recommendation import recommend
from ceteris.recommending.told import lines_of, object_of
from ceteris.recommending.transfer import transfer_of
from ceteris.reviewing.shares import share_of
from ceteris.telling.finding import Finding, findings


def effect(version: str, low: float, high: float, p: float, **more: Any) -> dict[str, Any]:
    """Return one line of effects.csv."""
    verdict = "helps" if low > 0 else "harms" if high < 0 else "cannot tell"
    return {
        "axis": "data", "planned": True, "baseline_model": "logistic", "baseline_version": "given",
        "candidate_model": "logistic", "candidate_version": version, "metric": "accuracy", "scored_on": "true",
        "difference": (low + high) / 2, "low": low, "high": high, "p_value": p, "n_seeds": 5, "n_rows": 300,
        "n_discordant": 40, "verdict": verdict, "reason": "the interval lies above 0" if low > 0 else "the interval holds 0",
    } | more  # fmt: skip


def found(*lines: dict[str, Any]) -> list[Finding]:
    """Return the findings of these lines."""
    return findings(pd.DataFrame(lines))


def test_the_version_with_the_highest_lower_end_is_shipped_with_its_interval() -> None:
    decided = recommend(found(effect("a", 0.01, 0.03, 0.001), effect("b", 0.02, 0.03, 0.001)), "logistic", "accuracy")
    assert decided.version == "b"
    assert "+2.5 pp [+2.0, +3.0]" in decided.reason
    assert [one.version for one in decided.candidates] == ["b", "a"]


def test_given_is_shipped_where_nothing_surely_helps_and_the_most_promising_is_named() -> None:
    decided = recommend(found(effect("a", -0.01, 0.03, 0.3), effect("b", -0.04, -0.02, 0.001)), "logistic", "accuracy")
    assert decided.version == "given" and decided.transfer is None
    assert "a, the most promising of 2" in decided.reason
    assert "b: it harms" in "\n".join(lines_of(decided))


def test_many_candidates_are_adjusted_for_being_many() -> None:
    alone = found(effect("a", 0.001, 0.03, 0.03))
    many = found(*(effect(f"v{place}", 0.001, 0.03, 0.03) for place in range(5)))
    assert recommend(alone, "logistic", "accuracy").version == "a"
    assert recommend(many, "logistic", "accuracy").version == "given"


def test_a_fix_that_does_not_beat_its_placebo_is_not_shipped() -> None:
    line = effect("pruned", 0.01, 0.03, 0.001, control="placebo-pruned", net=0.001, net_low=-0.01, net_high=0.012)
    decided = recommend(found(line), "logistic", "accuracy")
    assert decided.version == "given" and "as many rows at random would do" in decided.reason


def test_on_given_labels_a_rule_is_not_shipped_and_what_people_wrote_is_where_no_label_would_undo_it() -> None:
    rule, people = (effect(name, 0.02, 0.03, 0.001, scored_on="given") for name in ("relabelled", "reviewed"))
    decided = recommend(found(rule), "logistic", "accuracy")
    assert decided.version == "given" and "ceteris queue logistic.given.relabelled" in decided.reason
    assert recommend(found(people), "logistic", "accuracy", made_by_people=["reviewed"]).version == "reviewed"
    tippable = recommend(found(people | {"tipping": 3}), "logistic", "accuracy", made_by_people=["reviewed"])
    assert tippable.version == "given"


def test_what_nobody_could_ship_is_no_candidate() -> None:
    lines = found(
        effect("true", 0.1, 0.2, 0.001),
        effect("placebo-pruned", 0.1, 0.2, 0.001),
        effect("reviewed-simulated", 0.1, 0.2, 0.001),
    )
    decided = recommend(lines, "logistic", "accuracy", simulated=["reviewed-simulated"])
    assert decided.version == "given" and decided.candidates == ()
    assert "no other version was measured" in decided.reason
    assert "Not weighed: reviewed-simulated, as a simulated reviewer" in lines_of(decided)[-1]
    assert object_of(decided)["simulated"] == ["reviewed-simulated"]


def test_an_interval_below_0_that_tells_no_harm_is_not_said_to_hold_0() -> None:
    few = effect("a", -0.07, -0.001, 0.04, verdict="cannot tell", reason="the arms differ on 5 rows")
    (one,) = recommend(found(few), "logistic", "accuracy").candidates
    assert one.reason == "its interval lies below 0 (the arms differ on 5 rows)"


def test_the_best_labels_decide_where_a_version_was_scored_twice() -> None:
    lines = found(effect("a", -0.02, -0.01, 0.001, scored_on="given"), effect("a", 0.02, 0.03, 0.001))
    assert recommend(lines, "logistic", "accuracy").version == "a"


def test_transfer_says_which_models_a_version_helps() -> None:
    lines = [effect("a", 0.01, 0.03, 0.001)]
    for model, low, high in (("svc", -0.01, 0.02), ("forest", -0.03, -0.01)):
        lines.append(effect("a", low, high, 0.01, baseline_model=model, candidate_model=model))
    told = transfer_of(found(*lines), "a", "accuracy").told
    assert told == "helps logistic of 3 models; harms forest; cannot tell of svc"
    assert "one model alone" in transfer_of(found(lines[0]), "a", "accuracy").told
    assert object_of(recommend(found(*lines), "logistic", "accuracy"))["transfer"] == told


def answered(n: int, *, given: str, suggested: str, said: str, flagged: bool = False, random: bool = True) -> pd.DataFrame:
    """Return so many rows that were answered alike."""
    row = {"given_label": given, "suggested_label": suggested, "flagged": flagged, "said": said, "dropped": False}
    arms = {"random": random, "ranked": not random}
    return pd.DataFrame([{"id": f"{given}{suggested}{said}{place}"} | row | arms for place in range(n)])


def said(*parts: pd.DataFrame, flagged_share: float = 0.2, **more: Any) -> str:
    return "\n".join(guidance(pd.concat(parts), flagged_share=flagged_share, **more))


def test_errors_that_the_model_predicts_are_said_to_blind_validation_on_given_labels() -> None:
    right = answered(60, given="ant", suggested="ant", said="ant")
    predicted = answered(12, given="ant", suggested="ant", said="bee")
    assert "12 of 12 random rows whose label was wrong" in said(right, predicted)
    assert "blind" not in said(right, answered(12, given="ant", suggested="bee", said="bee"))


def test_a_ranking_no_better_than_random_rows_is_told_and_a_good_one_or_a_young_one_is_not() -> None:
    random = [answered(n, given="ant", suggested="ant", said=label) for n, label in ((90, "ant"), (30, "bee"))]
    ranked = [answered(n, given="cow", suggested="cow", said=label, random=False) for n, label in ((90, "cow"), (30, "bee"))]
    assert "worth little against random rows" in said(*random, *ranked)
    good = [answered(n, given="cow", suggested="cow", said=label, random=False) for n, label in ((30, "cow"), (90, "bee"))]
    assert "rankings" not in said(*random, *good)
    young = [answered(n, given="cow", suggested="cow", said=label, random=False) for n, label in ((8, "cow"), (4, "bee"))]
    assert "rankings" not in said(*random, *young)


def test_relabelling_that_breaks_more_than_it_mends_is_advised_against() -> None:
    broken = answered(20, given="ant", suggested="bee", said="ant", flagged=True, random=False)
    mended = answered(5, given="ant", suggested="cow", said="cow", flagged=True, random=False)
    assert "the suggested label was right on 5, and the given one on 20" in said(broken, mended)
    assert "relabelling" not in said(answered(20, given="ant", suggested="bee", said="bee", flagged=True, random=False))


def test_too_few_validation_rows_are_told() -> None:
    nothing = answered(0, given="a", suggested="a", said="a").reindex(columns=list(ANSWERED))
    assert "the smallest effect that shows is 6.0 pp, and 2.0 %" in said(nothing, flagged_share=0.02, smallest_visible=0.06)
    assert said(nothing, flagged_share=0.2, smallest_visible=0.06) == ""


def test_a_family_whose_labels_are_right_is_told_as_a_rule_that_the_audits_model_lacks() -> None:
    nothing = answered(0, given="a", suggested="a", said="a").reindex(columns=list(ANSWERED))

    def told(wrong: int) -> str:
        return said(nothing, families=[Sampled("source = B", 0.68, share_of(wrong, 20))])

    assert "lacks a rule that holds where source = B: it doubts 68 %" in told(1)
    assert "1 of 20 random ones that were answered, 5 % [1, 24] had a wrong label" in told(1)
    assert told(6) == "", "nearly half of the doubts may be right"


def test_guidance_reads_what_people_saw_and_takes_a_familys_sample_for_no_ranking() -> None:
    issues = pd.DataFrame({"id": list("abcde"), "given_label": "ant", "suggested_label": "bee", "is_label_issue": True})
    lines = [
        edit("a", new="bee", reason="combined"),
        edit("b", "confirm", source="random"),
        edit("c", "confirm", reason="family: source = B"),
        edit("d", "drop", source="family", reason="family: source = B"),
        edit("e", new="bee", reason="combined"),
        edit("e", "drop", reviewer="bob", source="family", reason="family: source = B"),
    ]
    rows = answered_rows(pd.DataFrame(lines), issues).set_index("id")
    assert rows[["random", "ranked"]].to_dict("index") == {
        "a": {"random": False, "ranked": True},
        "b": {"random": True, "ranked": False},
        "c": {"random": False, "ranked": False},
        "e": {"random": False, "ranked": True},
    }
    assert rows.loc["e", "said"] == "bee"
