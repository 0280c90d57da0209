"""Oral records: turns in the order of their times, speakers named, and nothing that is no speech."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from latamgpt.intake.elan import NUMBER_ONLY
from latamgpt.intake.praat import parse_textgrid
from latamgpt.intake.quarantine import Reason, Rejected
from latamgpt.intake.transcripts import Utterance, as_text
from latamgpt.params import Params
from latamgpt.registry.partners import Purpose
from latamgpt.store import Workspace
from tests.intake.deliveries import deliver, documents, exclusions, reasons, register, take_in
from tests.intake.test_any_bytes import outcome


@pytest.fixture
def archive(workspace: Workspace) -> Workspace:
    register(workspace)
    return workspace


def read(archive: Workspace, params: Params, name: str, content: str | bytes, **description: object) -> str:
    """The text of the only document of a delivery of one file."""
    deliver(archive, {name: content}, format="files", **description)
    take_in(archive, params)
    return str(documents(archive)[0]["text"])


def test_turns_stand_in_the_order_of_their_times_and_one_speaker_s_go_together() -> None:
    said = [
        Utterance(4000, 5000, "Rosa", "¿Y  después?"),
        Utterance(0, 1000, "Amaru", "Había un río."),
        Utterance(1200, 2000, "Amaru", "Era\u0301 hondo."),
        Utterance(2100, 2200, "Rosa", "  "),
        Utterance(9000, 9500, "Rosa", "Contame."),
    ]
    assert as_text(said) == "Amaru: Había un río. Erá hondo.\nRosa: ¿Y después?\nRosa: Contame."


VTT = """WEBVTT - charla
Language: es

NOTE Grabado en la radio. CC BY 4.0

STYLE
::cue { color: red }

b
00:00:04.000 --> 00:00:06.000 align:start
<v Rosa Quispe>¿Y <i>el río</i> &amp; la balsa?</v>

a
00:00:00.000 --> 00:00:02.000
<v.loud Amaru>Había <c.yellow>una</c> <00:00:01.000>vez.</v>

00:00:07.000 --> 00:00:08.000
<v Rosa Quispe>Sí.</v> <v Amaru>No, 3 < 4.</v>
"""


def test_webvtt_cues_out_of_order_with_voices_tags_and_entities(archive: Workspace, params: Params) -> None:
    assert read(archive, params, "charla.vtt", VTT) == (
        "Amaru: Había una vez.\nRosa Quispe: ¿Y el río & la balsa? Sí.\nAmaru: No, 3 < 4."
    )


def test_tags_made_to_take_for_ever_take_no_time(archive: Workspace, params: Params) -> None:
    dots = "<v" + "." * 4000
    assert "." in read(archive, params, "charla.vtt", VTT.replace("Sí.", f"Sí. {dots}"))
    assert not NUMBER_ONLY.fullmatch("1" * 20_000 + " a")


def test_a_voice_that_is_never_named_takes_no_time(archive: Workspace, params: Params) -> None:
    assert "Sí." in read(archive, params, "charla.vtt", VTT.replace("Sí.", "Sí. <v" + " " * 200_000))


def test_a_licence_in_a_note_that_is_not_covered_is_seen(archive: Workspace, params: Params) -> None:
    deliver(archive, {"charla.vtt": VTT.replace("CC BY 4.0", "CC BY-NC 4.0")}, format="files")
    take_in(archive, params)
    assert reasons(archive) == {"": "licence_contradiction"}


def test_rolled_up_captions_stand_once(archive: Workspace, params: Params) -> None:
    lines = ["uno dos", "tres cuatro", "cinco seis", "siete ocho"]
    cues = [f"00:00:0{n}.000 --> 00:00:0{n + 1}.000\n{lines[n]}\n{lines[n + 1]}\n" for n in range(3)]
    assert read(archive, params, "a.vtt", "WEBVTT\n\n" + "\n".join(cues)) == "uno dos tres cuatro cinco seis siete ocho"


def test_a_refrain_that_was_said_twice_stands_twice(archive: Workspace, params: Params) -> None:
    words = ["duerme, niño", "duerme, niño", "ya viene el sol", "a la mar", "y la luna", "se va"]
    cues = [f"00:00:0{n}.000 --> 00:00:0{n + 1}.000\n{word}\n" for n, word in enumerate(words)]
    assert read(archive, params, "a.vtt", "WEBVTT\n\n" + "\n".join(cues)).count("duerme, niño") == 2


def test_subrip_in_the_declared_encoding_with_dashes_and_overrides(archive: Workspace, params: Params) -> None:
    srt = (
        "2\r\n00:00:03,000 --> 00:00:04,000\r\n- ¿Venís?\r\n- Sí, señora.\r\n\r\n"
        "1\r\n00:00:01,000 --> 00:00:02,000\r\n{\\an8}<b>El niño</b>\r\nespera.\r\n"
    )
    text = read(archive, params, "a.srt", srt.encode("latin-1"), encoding="latin-1")
    assert text == "El niño espera.\n- ¿Venís?\n- Sí, señora."


def test_cues_without_times_are_named_and_the_others_are_used(archive: Workspace, params: Params) -> None:
    text = read(archive, params, "a.vtt", "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nBien.\n\nayer --> hoy\nMal.\n")
    assert text == "Bien."
    assert reasons(archive) == {"a.vtt#cues": "not_read"}


def test_what_is_no_webvtt_is_set_aside(archive: Workspace, params: Params) -> None:
    deliver(archive, {"a.vtt": "<html>404</html>"}, format="files")
    take_in(archive, params)
    assert reasons(archive) == {"a.vtt": "transcript_invalid"}


LONG_GRID = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 5.5
tiers? <exists>
size = 3
item []:
    item [1]:
        class = "IntervalTier"
        name = "Rosa"
        xmin = 0
        xmax = 5.5
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 1.2
            text = "sil"
        intervals [2]:
            xmin = 1.2
            xmax = 3
            text = "Dijo ""vení"" y 2 más"
        intervals [3]:
            xmin = 3
            xmax = 5.5
            text = ""
    item [2]:
        class = "TextTier"
        name = "clics"
        xmin = 0
        xmax = 5.5
        points: size = 1
        points [1]:
            number = 0.7
            mark = "clic"
    item [3]:
        class = "IntervalTier"
        name = "Amaru"
        xmin = 0
        xmax = 5.5
        intervals: size = 1
        intervals [1]:
            xmin = 0
            xmax = 1
            text = "Contá."
"""
SHORT_GRID = (
    '"ooTextFile"\n"TextGrid"\n\n0\n5.5\n<exists>\n2\n"IntervalTier"\n"Rosa"\n0\n5.5\n1\n1.2\n3\n"Dijo ""vení"" y 2 más"\n'
    '"IntervalTier"\n"Amaru"\n0\n5.5\n1\n0\n1\n"Contá."\n'
)


@pytest.mark.parametrize("grid", [LONG_GRID, SHORT_GRID], ids=["long", "short"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_textgrid_is_read_in_both_forms_and_encodings(archive: Workspace, params: Params, grid: str, encoding: str) -> None:
    assert read(archive, params, "a.TextGrid", grid.encode(encoding)) == 'Amaru: Contá.\nRosa: Dijo "vení" y 2 más'


@pytest.mark.parametrize("cut", [40, 200, 330, len(LONG_GRID) - 25])
def test_a_textgrid_that_is_cut_short_is_set_aside(cut: int) -> None:
    with pytest.raises(Rejected) as caught:
        parse_textgrid(LONG_GRID[:cut], "a.TextGrid")
    assert caught.value.reason == Reason.TRANSCRIPT_INVALID


EAF = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2026-01-01T00:00:00-03:00" FORMAT="3.0" VERSION="3.0">
  <LICENSE LICENSE_URL="https://creativecommons.org/licenses/by/4.0/"/>
  <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds"><MEDIA_DESCRIPTOR MEDIA_URL="file:///c.wav" MIME_TYPE="audio/x-wav"/></HEADER>
  <TIME_ORDER>
    <TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="0"/><TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="1500"/>
    <TIME_SLOT TIME_SLOT_ID="ts3"/><TIME_SLOT TIME_SLOT_ID="ts4" TIME_VALUE="4000"/>
  </TIME_ORDER>
  <TIER LINGUISTIC_TYPE_REF="utterance" TIER_ID="Rosa" PARTICIPANT="Rosa" LANG_REF="quy">
    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts3" TIME_SLOT_REF2="ts4">
      <ANNOTATION_VALUE>Mayupi kachkan.</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
  </TIER>
  <TIER LINGUISTIC_TYPE_REF="ref" TIER_ID="ref@Amaru" PARTICIPANT="Amaru">
    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
      <ANNOTATION_VALUE>A.001</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
  </TIER>
  <TIER LINGUISTIC_TYPE_REF="text" TIER_ID="tx@Amaru" PARENT_REF="ref@Amaru" PARTICIPANT="Amaru" LANG_REF="quy">
    <ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a3" ANNOTATION_REF="a1">
      <ANNOTATION_VALUE>Maypim wasiyki?</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>
  </TIER>
  <TIER LINGUISTIC_TYPE_REF="traduccion" TIER_ID="ft@Amaru" PARENT_REF="tx@Amaru" PARTICIPANT="Amaru" LANG_REF="spa">
    <ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a4" ANNOTATION_REF="a3">
      <ANNOTATION_VALUE>¿Dónde está tu casa?</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>
  </TIER>
  <TIER LINGUISTIC_TYPE_REF="words" TIER_ID="wd@Amaru" PARENT_REF="tx@Amaru" PARTICIPANT="Amaru">
    <ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a5" ANNOTATION_REF="a3">
      <ANNOTATION_VALUE>Maypim</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>
  </TIER>
  <LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="utterance" TIME_ALIGNABLE="true"/>
  <LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="ref" TIME_ALIGNABLE="true"/>
  <LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="text" CONSTRAINTS="Symbolic_Association" TIME_ALIGNABLE="false"/>
  <LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="traduccion" CONSTRAINTS="Symbolic_Association" TIME_ALIGNABLE="false"/>
  <LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="words" CONSTRAINTS="Symbolic_Subdivision" TIME_ALIGNABLE="false"/>
</ANNOTATION_DOCUMENT>
"""


def test_elan_gives_the_transcript_and_its_translation_and_names_the_rest(archive: Workspace, params: Params) -> None:
    deliver(archive, {"charla.eaf": EAF}, format="files", language="qu")
    take_in(archive, params)
    assert {row["path"]: (row["text"], row["declared_language"]) for row in documents(archive)} == {
        "charla.eaf": ("Amaru: Maypim wasiyki?\nRosa: Mayupi kachkan.", "quy"),
        "charla.eaf#translation-es": ("Amaru: ¿Dónde está tu casa?", "es"),
    }
    assert reasons(archive) == {"charla.eaf#wd@Amaru": "not_read"}


@pytest.mark.parametrize(
    ("participants", "speaker"), [({"tx@Amaru", "ft@Amaru"}, "Amaru"), ({"ref@Amaru", "tx@Amaru", "ft@Amaru"}, "tx@Amaru")]
)
def test_a_translation_is_said_by_whoever_the_tiers_above_it_name(
    archive: Workspace, params: Params, participants: set[str], speaker: str
) -> None:
    lines = [x.replace(' PARTICIPANT="Amaru"', "") if any(f'"{p}"' in x for p in participants) else x for x in EAF.split("\n")]
    deliver(archive, {"charla.eaf": "\n".join(lines)}, format="files", language="qu")
    take_in(archive, params)
    texts = {str(row["path"]): str(row["text"]) for row in documents(archive)}
    assert texts["charla.eaf#translation-es"] == f"{speaker}: ¿Dónde está tu casa?"
    assert texts["charla.eaf"].startswith(f"{speaker}: Maypim")


def test_elan_s_licence_that_is_not_covered_sets_it_aside(archive: Workspace, params: Params) -> None:
    deliver(archive, {"charla.eaf": EAF.replace("licenses/by/", "licenses/by-nc/")}, format="files")
    take_in(archive, params)
    assert set(reasons(archive).values()) == {"licence_contradiction"}


ENTITY_BOMB = '<!DOCTYPE a [<!ENTITY a "ja">' + "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "content",
    [
        ENTITY_BOMB + "]><ANNOTATION_DOCUMENT>&i;</ANNOTATION_DOCUMENT>",
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><ANNOTATION_DOCUMENT>&x;</ANNOTATION_DOCUMENT>',
        EAF[: len(EAF) // 2],
        "<html/>",
        "<a>" * 5000,
        "",
    ],
    ids=["bomb", "outside", "cut", "html", "deep", "empty"],
)
def test_hostile_or_broken_elan_files_are_set_aside(archive: Workspace, params: Params, content: str) -> None:
    deliver(archive, {"charla.eaf": content}, format="files")
    take_in(archive, params)
    assert reasons(archive) == {"charla.eaf": "transcript_invalid"}
    assert "root:" not in str(exclusions(archive))


def test_annotations_that_refer_to_each_other_in_a_circle_end() -> None:
    circle = EAF.replace('ANNOTATION_ID="a3" ANNOTATION_REF="a1"', 'ANNOTATION_ID="a3" ANNOTATION_REF="a4"')
    documents_read, _ = outcome("files", {"charla.eaf": circle})
    assert "charla.eaf" in documents_read


def test_recordings_are_withheld_and_not_lost(archive: Workspace, params: Params) -> None:
    folder = deliver(archive, {"charla.eaf": EAF, "charla.wav": b"RIFF", "otra.MP3": b"ID3", "c.ogg": b""}, format="files")
    take_in(archive, params)
    found = {name: reason for name, reason in reasons(archive).items() if not name.startswith("charla.eaf")}
    assert found == dict.fromkeys(("charla.wav", "otra.MP3", "c.ogg"), "audio_withheld")
    assert Path(folder / "charla.wav").is_file()


def test_no_agreement_lets_a_recording_through(archive: Workspace, params: Params) -> None:
    register(archive, purposes=[str(purpose) for purpose in Purpose])
    deliver(archive, {"charla.wav": b"RIFF", "charla.srt": "1\n00:00:01,000 --> 00:00:02,000\nBuen día.\n"}, format="files")
    take_in(archive, params)
    assert [row["path"] for row in documents(archive)] == ["charla.srt"]
    assert reasons(archive) == {"charla.wav": "audio_withheld"}


@pytest.mark.parametrize("name", ["a.eaf", "a.vtt", "a.srt", "a.TextGrid"])
@settings(max_examples=8)
@given(raw=st.binary(max_size=120))
@example(raw=b"")
@example(raw=b"WEBVTT\n\n00:00:00.000 --> 99:99:99.999\n\0")
@example(raw=b'"ooTextFile" "TextGrid" 0 1 <exists> 1e308 "IntervalTier" "a" 0 1 1e999')
@example(raw=b"<" * 3000)
def test_any_bytes_are_read_or_named(name: str, raw: bytes) -> None:
    documents_read, set_aside = outcome("files", {name: raw})
    assert len(documents_read) + len(set_aside) >= 1


@given(words=st.text(alphabet='"0 1[]<>aé\n=.-', max_size=60))
def test_any_words_after_a_grid_s_head_are_read_or_refused(words: str) -> None:
    with contextlib.suppress(Rejected):
        parse_textgrid(f'"ooTextFile" "TextGrid" {words}', "a.TextGrid")
