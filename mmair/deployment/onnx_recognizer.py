"""An exported recogniser, run by ONNX Runtime."""
import json
from pathlib import Path
from typing import Optional, Union

import numpy as np

from mmair.errors import InputError
from mmair.layouts import SkeletonLayout

from .extras import require_extra

#: What the metadata of an exported file must tell, each value as JSON: names
#: of the classes; name of the layout and of its joints in their order; what
#: the numbers of a joint are; frame rate of the input in Hz.
METADATA = ('labels', 'layout', 'joints', 'channels', 'fps')


class OnnxRecognizer:
    """Probabilities of recordings, from a file of ``export_onnx.py``.

    Args:
        path (str | Path): The ONNX file.
        threads (int, optional): Threads of ONNX Runtime. By default as many
            as it likes.

    Attributes:
        labels (list[str]): Names of the classes.
        layout (str): Name of the skeleton layout.
        joints (list[str]): Its joints, in the order of the input.
        channels (list[str]): What the numbers of a joint are.
        fps (float): Frame rate of the input in Hz.

    Raises:
        InputError: If the file is no such model.
    """

    def __init__(self, path: Union[str, Path],
                 threads: Optional[int] = None) -> None:
        require_extra('onnxruntime')
        import onnxruntime
        self.path = Path(path)
        if not self.path.is_file():
            raise InputError(f'{path}: no such file')
        options = onnxruntime.SessionOptions()
        if threads:
            options.intra_op_num_threads = threads
        try:
            self.session = onnxruntime.InferenceSession(
                str(path), options, providers=['CPUExecutionProvider'])
        except Exception as error:  # the runtime has a class a kind of error
            reason = ' '.join(str(error).split())
            raise InputError(f'{path}: is no ONNX file that can be run '
                             f'({reason})') from error
        found = self.session.get_modelmeta().custom_metadata_map
        for key in METADATA:
            try:
                setattr(self, key, json.loads(found[key]))
            except (KeyError, ValueError):
                raise InputError(
                    f'{path}: its metadata has no {key}, expected '
                    f'{", ".join(METADATA)}; export it by '
                    'tools/deployment/export_onnx.py') from None

    def require_layout(self, layout: SkeletonLayout, source: str) -> None:
        """Make sure that data is of the skeleton that the model takes.

        Args:
            layout (SkeletonLayout): That of the data.
            source (str): The data, for the message.

        Raises:
            InputError: If it is another one.
        """
        if list(layout.joints) != self.joints:
            raise InputError(
                f'{source}: has the layout {layout.describe()}, the model '
                f'{self.path} takes {self.layout!r} ({len(self.joints)} '
                'joints); use a model of the same skeleton layout')

    def __call__(self, keypoint: np.ndarray) -> np.ndarray:
        """Recognise recordings of one person each, of one length.

        Args:
            keypoint (np.ndarray): ``(N, T, V, C)`` at :attr:`fps`, in metres
                with y up, or in pixels with a score.

        Returns:
            np.ndarray: Probabilities, ``(N, num_classes)``.

        Raises:
            InputError: If the shape is another one or a number is not
                finite.
        """
        expected = (len(self.joints), len(self.channels))
        if (keypoint.ndim != 4 or keypoint.shape[2:] != expected
                or 0 in keypoint.shape):
            raise InputError(
                f'keypoint: has the shape {keypoint.shape}, the model '
                f'{self.path} takes (recordings, frames, {expected[0]}, '
                f'{expected[1]}), the joints of {self.layout!r}')
        if not np.isfinite(keypoint).all():
            raise InputError(
                'keypoint: has numbers that are not finite; write a joint of '
                'score 0 (2-D) or a frame of zeros (3-D) where a person was '
                'not seen')
        return self.session.run(
            None, dict(keypoint=keypoint.astype(np.float32)))[0]
