"""What the database does for itself and files have to be done for: names that survive a power cut."""

import os
from pathlib import Path


def flush_folder(folder: Path) -> None:
    """Make a new name in a folder durable, not only the bytes behind it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
