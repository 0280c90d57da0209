"""What the corpus' report shows: counted by hand, and never a partner's text."""

from latamgpt.curation.corpus_tables import cluster_table, documents_per, draw, funnel, samples_of_dropped

Row = dict[str, object]


def dropped(number: int, stage: str, reason: str, **changes: object) -> Row:
    row: Row = {"doc_id": f"{number:04}", "partner": "p", "delivery": "d", "path": f"{number}.txt", "stage": stage}
    return row | {"reason": reason, "detail": "holds 'a secret word'"} | changes


def test_documents_and_bytes_are_added_up_by_a_column_s_values() -> None:
    rows: list[Row] = [
        {"kind": "library", "num_bytes": 3},
        {"kind": "archive", "num_bytes": 5},
        {"kind": "library", "num_bytes": 7},
    ]
    table = documents_per(rows, "kind")
    assert table.name == "documents per kind"
    assert table.rows == (("archive", 1, 5), ("library", 2, 10))


def test_the_funnel_leads_from_what_was_read_to_what_was_kept_and_counts_apart_what_was_no_document_yet() -> None:
    rows = [
        dropped(1, "corpus", "near_duplicate"),
        dropped(2, "clean_documents", "too_few_chars"),
        dropped(3, "clean_documents", "too_few_chars"),
        dropped(4, "documents", "agreement_expired", doc_id="", path=""),
    ]
    table = funnel(10, rows)
    assert table.columns == ("stage", "reason", "dropped", "others", "left")
    assert table.rows == (
        ("documents", "read", 0, 0, 13),
        ("documents", "agreement_expired", 0, 1, 13),
        ("clean_documents", "too_few_chars", 2, 0, 11),
        ("corpus", "near_duplicate", 1, 0, 10),
    )


def pair(number: int, kept: int, kind: str, reason: str) -> Row:
    return {"doc_id": f"{number:04}", "kept_doc_id": f"{kept:04}", "kind": kind, "reason": reason}


def test_clusters_stand_by_size_with_their_winner_and_why_the_others_gave_way() -> None:
    kept = [dropped(5, "", ""), dropped(1, "", "", partner="first")]
    gone = [
        dropped(2, "corpus", "near_duplicate"),
        dropped(3, "corpus", "exact_duplicate"),
        dropped(4, "corpus", "near_duplicate"),
    ]
    pairs = [pair(4, 5, "near", "lower id"), pair(2, 1, "near", "better quality"), pair(3, 1, "exact", "broader rights")]
    assert cluster_table(pairs, kept, gone).rows == (
        ("0001", "first", "1.txt", "yes", 3, 1, 1, 2, "better quality 1, broader rights 1"),
        ("0005", "p", "5.txt", "yes", 2, 0, 1, 1, "lower id 1"),
    )


def test_a_cluster_whose_winner_looks_planted_says_that_nothing_of_it_stays() -> None:
    gone = [dropped(1, "corpus", "hidden_text"), dropped(2, "corpus", "exact_duplicate")]
    table = cluster_table([pair(2, 1, "exact", "lower id")], [], gone)
    assert table.rows == (("0001", "p", "1.txt", "no", 2, 1, 0, 1, "lower id 1"),)


def test_samples_are_the_lowest_ids_of_each_group_whatever_the_order() -> None:
    rows = [dropped(number, "corpus", reason) for number in range(6) for reason in ("b", "a")]
    expected = [("a", "0000"), ("a", "0001"), ("b", "0000"), ("b", "0001")]
    for order in (rows, rows[::-1]):
        assert [(row["reason"], row["doc_id"]) for row in draw(order, ("reason",), 2)] == expected


def test_samples_of_dropped_hold_nothing_withdrawn_and_no_words_of_a_text() -> None:
    gone = [dropped(1, "corpus", "withdrawn"), dropped(3, "documents", "agreement_withdrawn", doc_id="")]
    table = samples_of_dropped([*gone, dropped(2, "corpus", "poison_suspected")])
    assert table.rows == (("corpus", "poison_suspected", "0002", "p", "d", "2.txt"),)
    assert "secret" not in table.model_dump_json()
