"""Freed memory is kept: the next update does not wait for the system to clear the same pages."""

import ctypes
import subprocess
import sys

import pytest

PROGRAM = """
import resource
from allcore.experiments.allocator import keep_memory

def page_faults():
    def work():
        pieces = [bytearray(b"x") * 2**23 for _ in range(4)]
        del pieces
    for _ in range(3):
        work()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        work()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

by_default, told = page_faults(), keep_memory()
print(by_default, told, page_faults())
"""


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or not hasattr(ctypes.CDLL(None), "mallopt"), reason="not glibc"
)
def test_freed_memory_is_used_again_without_page_faults():
    found = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    by_default, told, kept = found.stdout.split()
    assert told == "True"
    assert int(by_default) > 10_000  # 10 times 32 MiB in pages of 4 KiB are 81,920
    assert int(kept) < 1_000
