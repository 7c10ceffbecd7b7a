import platform
import subprocess
import sys

import pytest

_CLEARED = '''
import resource
from mmair.engine.memory import keep_freed_memory
{call}
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
size = 64 * 2**20
for _ in range(3):
    bytes(1) * size
before = faults()
for _ in range(10):
    b'1' * size
print((faults() - before) * resource.getpagesize() / size)
'''


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='needs glibc')
def test_freed_memory_comes_again_without_the_kernel():
    """Of ten blocks, each free before the next, the kernel cleared some."""
    def cleared_anew(call: str) -> float:
        return float(subprocess.run(
            [sys.executable, '-c', _CLEARED.format(call=call)], check=True,
            env={'CUDA_VISIBLE_DEVICES': ''}, capture_output=True,
            text=True).stdout)

    assert cleared_anew('') > 9
    assert cleared_anew('keep_freed_memory()') < 1
