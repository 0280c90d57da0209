"""`--help` says of every option that is a record's field what it means."""

import pytest
from pydantic import BaseModel

from latamgpt.cli import main
from latamgpt.commands.field_help import FIELD_HELP
from latamgpt.intake.delivery import Delivery
from latamgpt.registry.partners import Agreement, Institution


@pytest.mark.parametrize(
    ("record", "without"), [(Institution, {"agreements"}), (Agreement, {"withdrawn_on"}), (Delivery, set[str]())]
)
def test_every_field_has_a_sentence_and_no_sentence_lost_its_field(record: type[BaseModel], without: set[str]) -> None:
    assert FIELD_HELP[record.__name__].keys() == record.model_fields.keys() - without


def test_an_operator_reads_what_an_option_means(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["deliver", "--help"])
    printed = " ".join(capsys.readouterr().out.split())
    assert "--encoding TEXT of its texts, as in cp1252; utf-8 if not given (may be left out)" in printed
    assert "if not given, bagit for a bag and else files (may be left out)" in printed
