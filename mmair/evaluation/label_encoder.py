"""The discrete labels that a pre-trained model gives to recordings."""
from typing import List, Optional, Tuple

import numpy as np
import torch
from torch import Tensor, nn

from mmair.engine.hooks.skeleton_check_hook import check_weights
from mmair.errors import InputError
from mmair.models.backbones import read_checkpoint
from mmair.models.pretrainers.label_codes import LabelCodes

from .readout import batches, calibrate_batch_norm

_PROTOTYPES = 'head.prototypes.'


class LabelEncoder(nn.Module):
    """What of a pre-training model gives the labels, and nothing else.

    Backbone and projector of the teacher or the student, and the prototypes;
    of AIR the codebook, too.

    Args:
        model (nn.Module): A pre-training model with
            :class:`mmair.models.LabelCodes`: AIR or SwAV.
        network (str, optional): 'teacher' or 'student'. By default the
            teacher, which labels in the training, where there is one.

    Raises:
        InputError: If the model has no discrete labels or no teacher.
    """

    def __init__(self, model: nn.Module,
                 network: Optional[str] = None) -> None:
        super().__init__()
        if not isinstance(model, LabelCodes):
            raise InputError(f'model: a {type(model).__name__} has no '
                             'discrete labels; give the config of a '
                             'pre-training that has some, AIR or SwAV')
        has_teacher = hasattr(model, 'teacher')
        self.network = network or ('teacher' if has_teacher else 'student')
        if self.network == 'teacher' and not has_teacher:
            raise InputError(f'network: a {type(model).__name__} has no '
                             "teacher, expected 'student'")
        self._source = dict(teacher='teacher.module',
                            student='student')[self.network]
        network = model.get_submodule(self._source)
        self.backbone, self.neck = network.backbone, network.neck
        self.head = model.head
        #: AppendageCodebook | None: What labels segments.
        self.codebook = getattr(model, 'codebook', None)
        self.eval()

    @property
    def num_labels(self) -> Tuple[int, ...]:
        """Number of codes of each scale."""
        return tuple(self.head.num_labels)

    def load(self, path: str) -> List[Optional[np.ndarray]]:
        """Load the weights of a checkpoint of the pre-training.

        Args:
            path (str): Such as ``epoch_100.pth``.

        Returns:
            list[np.ndarray | None]: ``codes`` and ``previous_codes``, the
            codes that the last two epochs gave, ``(scales, R)``; None where
            the checkpoint does not keep them.

        Raises:
            InputError: If it has no prototypes, or is of another model.
        """
        found = read_checkpoint(path)
        state = found['state_dict']
        scales = self.scales_of(state)
        if not scales:
            raise InputError(
                f'{path}: the checkpoint has no prototypes '
                f'({_PROTOTYPES}0), expected one of a whole pre-training '
                'with discrete labels, such as epoch_100.pth; backbone.pth '
                'and methods without labels have none')
        if scales != self.num_labels:
            raise InputError(
                f'{path}: the checkpoint has scales of {scales} codes, the '
                f'config model.head.num_labels={self.num_labels}; give the '
                'config of that pre-training')
        expected = self.expected()
        check_weights(path, found, expected)
        missing = [key for key in expected if key not in state]
        if missing:
            raise InputError(f'{path}: the checkpoint lacks {len(missing)} '
                             f'weights of the model, {missing[0]} first; '
                             'give the config of that pre-training')
        with torch.no_grad():
            for key, value in expected.items():
                value.copy_(state[key])
        return [self.kept(state, name) for name in ('codes',
                                                    'previous_codes')]

    @staticmethod
    def scales_of(state: dict) -> Tuple[int, ...]:
        """Number of prototypes of each scale of a state dict."""
        numbers = sorted(int(key[len(_PROTOTYPES):]) for key in state
                         if key.startswith(_PROTOTYPES)
                         and key[len(_PROTOTYPES):].isdecimal())
        return tuple(len(state[f'{_PROTOTYPES}{n}']) for n in numbers)

    def expected(self) -> dict:
        """The tensors to load, by their names in a checkpoint.

        Other buffers, of the head and of a refiner, hold past batches.
        """
        parts = {f'{self._source}.backbone': self.backbone.state_dict(),
                 f'{self._source}.neck': self.neck.state_dict(),
                 'head': dict(self.head.named_parameters())}
        if self.codebook is not None:
            parts['codebook'] = self.codebook.state_dict()
        return {f'{part}.{key}': value for part, state in parts.items()
                for key, value in state.items()}

    def kept(self, state: dict, name: str) -> Optional[np.ndarray]:
        """A buffer of one code a scale and recording."""
        value = state.get(name)
        if value is None or value.ndim != 2 or len(value) != len(
                self.num_labels):
            return None
        return value.cpu().numpy()

    def forward(self, windows: Tensor) -> List[Tensor]:
        """Likeness of windows to the prototypes.

        Args:
            windows (Tensor): ``(N, M, T, V, C)``.

        Returns:
            list[Tensor]: For each scale the cosines, ``(N, K)``.
        """
        return self.head.similarities(self.neck(
            self.backbone(windows).mean((1, 3, 4))))

    @torch.no_grad()
    def similarities(self, dataset, batch_size: int = 32,
                     progress: bool = True) -> List[np.ndarray]:
        """Likeness of all recordings of a dataset to the prototypes.

        The batch norms of a teacher get the statistics of the data first: in
        the training it used those of the batch, and what it keeps are the
        student's, which do not fit its weights.

        Args:
            dataset (SkeletonDataset): With a test pipeline.
            batch_size (int): Recordings at a time.
            progress (bool): Whether to show a bar. Defaults to True.

        Returns:
            list[np.ndarray]: For each scale the cosines, averaged over
            windows, ``(R, K)``; the code is the arg max.
        """
        if self.network == 'teacher':
            calibrate_batch_norm(self, dataset, batch_size,
                                 'batch norm' if progress else None)
        device = next(self.backbone.parameters()).device
        found = [[s.unflatten(0, windows.shape[:2]).mean(1).cpu().numpy()
                  for s in self(windows.to(device).flatten(0, 1))]
                 for windows in batches(dataset, batch_size,
                                         'labels' if progress else None)]
        return [np.concatenate(scale) for scale in zip(*found)]
