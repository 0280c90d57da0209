"""Put a folder on a store, in parts of 5 MiB: `python -m tests.object_store.putter ADDRESS FOLDER NAME`; killed by the tests."""

import sys
from pathlib import Path

from latamgpt.object_store import folders, upload
from latamgpt.object_store.door import ObjectStore

if __name__ == "__main__":
    upload.PART_BYTES = folders.PART_BYTES = 5 << 20
    folders.put_folder(ObjectStore(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
