"""What a conversion says of the files that it leaves out."""
import re
from pathlib import Path
from typing import Dict, List, Optional

from mmair.errors import listed, writing

#: Files of one reason that are told one by one.
_FEW = 5
#: What may differ between reasons of one kind: names of files, quoted text
#: and numbers.
_DETAIL = re.compile(r"(?<=^byte-equal to ).*|(?<=^has the name of ).*?(?=,)|"
                     r"'[^']*'|\d+")


def tell_skipped(skipped: Dict[str, str], out: Optional[Path]) -> None:
    """Print which files are left out and why, many of a kind in one line.

    Where not every file is printed, all are listed in ``<out>.skipped.txt``
    beside the output; else no such file is left there.

    Args:
        skipped (dict[str, str]): The reason by the name of the file, as they
            are shown.
        out (Path, optional): What the conversion writes; None where it
            writes nothing because no file is of use.

    Raises:
        InputError: If the list cannot be written.
    """
    kinds: Dict[str, List[str]] = {}
    for name in sorted(skipped):
        kinds.setdefault(_DETAIL.sub('', skipped[name]), []).append(name)
    for names in kinds.values():
        if len(names) <= _FEW:
            for name in names:
                print(f'skipped {name}: {skipped[name]}')
            continue
        alike = len({skipped[name] for name in names}) > 1
        print(f'skipped {len(names)} files, {listed(names)}: '
              + skipped[names[0]]
              + (' (the first; the others alike)' if alike else ''))
    if out is None:
        return
    path = out.with_name(f'{out.name}.skipped.txt')
    with writing(path):
        if all(len(names) <= _FEW for names in kinds.values()):
            path.unlink(missing_ok=True)
            return
        path.write_text(''.join(f'{name}: {skipped[name]}\n'
                                for name in sorted(skipped)), 'utf-8')
    print(f'all {len(skipped)} skipped files and why: {path}')
