"""The catalogue of ablations holds what it says: each takes something away that is there, and gives it back."""

import pytest
from click.testing import CliRunner

from config.load import load_tower
from sim_plc.cli import cartower_sim
from sim_plc.program.bay_interlocks import BAY_INTERLOCKS
from sim_plc.program.tower_interlocks import TOWER_INTERLOCKS
from sim_plc.rehearsal.ablations.ablation import Ablation, Cut, Swap
from sim_plc.rehearsal.ablations.catalogue import ABLATIONS, BY_NAME
from sim_plc.rehearsal.ablations.search import ablated, find
from sim_plc.rehearsal.campaign.plan import Plan
from sim_plc.rehearsal.faults.alphabet import ALPHABET
from sim_plc.rehearsal.run import Options, rehearse

SMALL = load_tower("small")
MINUTES = 0.5


def swaps(ablation: Ablation) -> tuple[Swap, ...]:
    return ablation.whole.swaps


def test_every_ablation_has_a_name_and_sentences_of_its_own() -> None:
    assert len(BY_NAME) == len(ABLATIONS) >= 30
    assert len({each.removes for each in ABLATIONS}) == len(ABLATIONS)
    for each in ABLATIONS:
        assert each.removes.endswith(".")
        assert each.seen_by
        assert each.cut != Cut()
        assert bool(each.catches) is (each.beside != Cut())
        assert set(each.letters) <= {letter.name for letter in ALPHABET}


@pytest.mark.parametrize("ablation", ABLATIONS, ids=lambda each: each.name)
def test_what_is_taken_away_is_there_and_is_given_back(ablation: Ablation) -> None:
    before = [swap.original for swap in swaps(ablation)]
    with ablation.whole.made():
        assert all(swap.original is not was for swap, was in zip(swaps(ablation), before, strict=True))
        assert set(ablation.whole.tower) <= TOWER_INTERLOCKS.names
        assert not set(ablation.whole.tower) & ablation.whole.tower_interlocks.names
        assert set(ablation.whole.bays) <= BAY_INTERLOCKS.names
        assert not set(ablation.whole.bays) & ablation.whole.bay_interlocks.names
    assert [swap.original for swap in swaps(ablation)] == before


def test_a_safeguard_is_given_back_though_the_run_breaks_off() -> None:
    cut = BY_NAME["inventory-uncompared"].cut
    before = cut.swaps[0].original

    def break_off() -> None:
        with cut.made():
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    assert cut.swaps[0].original is before
    with pytest.raises(KeyError):
        rehearse(SMALL, 0, MINUTES, Options(ablation="nothing of ours"))


@pytest.mark.parametrize("name", ["way-left-open", "axes-unhomed", "powered-by-a-restart"])
def test_a_safeguard_that_each_run_needs_is_missed_at_once(name: str) -> None:
    found = find(SMALL, BY_NAME[name], [0], MINUTES, Options(faults=False))
    assert found is not None
    assert found.tried == 1
    assert name in str(found)


def test_a_campaign_knows_which_safeguard_it_was_without() -> None:
    def key(options: Options) -> dict[str, object]:
        return Plan(SMALL, 0, 1, MINUTES, options).key()

    keys = [key(Options()), *(key(ablated("number-runs-again", control=control)) for control in (False, True))]
    assert len({str(each) for each in keys}) == 3


def test_the_commands_take_a_safeguard_away_and_tell_which() -> None:
    run = CliRunner().invoke
    listed = run(cartower_sim, ["campaign", "--ablate", "list"])
    assert listed.exit_code == 0
    assert all(name in listed.output for name in BY_NAME)
    arguments = ["replay", "0", "--tower", "small", "--minutes", "0.2", "--ablate", "number-runs-again"]
    told = run(cartower_sim, arguments)
    assert told.exit_code == 129
    assert BY_NAME["number-runs-again"].removes in told.output
    assert "BROKEN  I6" in told.output
    assert run(cartower_sim, [*arguments, "--control"]).exit_code == 0
    assert run(cartower_sim, ["replay", "0", "--control"]).exit_code == 2
