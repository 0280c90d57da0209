"""What is cleaned, cut into tasks: each is read when a worker asks for it, so memory never holds a partner whole."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import overload

import pyarrow as pa
import pyarrow.parquet as pq

from latamgpt.curation.cleaning import Task
from latamgpt.curation.name_tagger.tagger import TaggerPlace
from latamgpt.params import CleanDocumentsParams, QualityThresholds
from latamgpt.records import DOCUMENT_SCHEMA


class Tasks(Sequence[Task]):
    """The documents of some files in their order, at most `docs_per_task` for each task, never of two row groups.

    Args:
        paths: Parquet of DOCUMENT_SCHEMA.
        params: how documents are cleaned.
        quality: thresholds per language.
        fasttext_model: where a site's model of languages lies, if the parameters ask for one.
        name_recogniser: where a site's recogniser of names lies, if the parameters ask for one.
        name_tagger: the run's own tagger of names, if the parameters ask for it.
        known: ids of documents for which there is nothing to do.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        params: CleanDocumentsParams,
        quality: Mapping[str, QualityThresholds],
        fasttext_model: str = "",
        name_recogniser: str = "",
        name_tagger: TaggerPlace | None = None,
        known: Collection[str] = (),
    ) -> None:
        self._paths, self._params, self._quality = paths, params, quality
        self._models = fasttext_model, name_recogniser, name_tagger
        self._places: list[tuple[int, int, list[int]]] = []  # file, row group, rows of it
        self.num_documents = 0
        for file, path in enumerate(paths):
            with pq.ParquetFile(path) as parquet:
                for group in range(parquet.num_row_groups):
                    doc_ids = parquet.read_row_group(group, ["doc_id"])["doc_id"].to_pylist()
                    rows = [row for row, doc_id in enumerate(doc_ids) if doc_id not in known]
                    size = params.docs_per_task
                    self._places += [(file, group, rows[start : start + size]) for start in range(0, len(rows), size)]
                    self.num_documents += len(rows)
        self._read: tuple[int, int] | None = None
        self._rows = DOCUMENT_SCHEMA.empty_table()

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Task: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Task]: ...
    def __getitem__(self, index: int | slice) -> Task | Sequence[Task]:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        file, group, rows = self._places[index]
        return Task(self._group(file, group).take(rows), self._params, self._quality, *self._models)

    def file_of(self, index: int) -> Path:
        """The file from which a task's documents are."""
        return self._paths[self._places[index][0]]

    def _group(self, file: int, group: int) -> pa.Table:
        if self._read != (file, group):
            with pq.ParquetFile(self._paths[file]) as parquet:
                self._rows = parquet.read_row_group(group).cast(DOCUMENT_SCHEMA)
            self._read = (file, group)
        return self._rows
