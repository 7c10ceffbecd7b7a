"""The dataset behind every emotion data set."""
from collections import Counter
from typing import Callable, Dict, List, Optional, Sequence, Union

import torch
from mmaction.datasets.base import BaseActionDataset
from mmengine.dataset import Compose
from mmengine.logging import print_log

from mmair.errors import InputError
from mmair.layouts import get_layout
from mmair.registry import DATASETS, TRANSFORMS

from .readers import load_annotations
from .transforms import (PackSkeletonInputs, SampleWindows,
                         SkeletonTransform)
from .transforms.counter_rng import fold_in


@DATASETS.register_module()
class SkeletonDataset(BaseActionDataset):
    """Skeleton recordings, kept in memory as tensors.

    A corpus of this kind is tens of megabytes. So the deterministic part of
    the pipeline (``prepare``: resampling, normalisation) runs once a
    recording when the file is read, and a whole batch of samples is then made
    by one call of each transform (``__getitems__``), on ``device``.

    Recordings without a label take part, unless ``classes`` selects some.

    Args:
        ann_file (str): An annotation file, see ``docs/data.md``; MMAction2's
            own skeleton pickles are read as well.
        pipeline (list[dict | Callable]): Transforms of every access.
        prepare (list[dict | Callable]): Transforms run once a recording,
            without random numbers. Defaults to none.
        layout (str | dict, optional): The skeleton layout. By default that
            of the file, which it must agree with.
        split (str, optional): Name of a split of the file. By default all
            recordings.
        classes (Sequence[str], optional): Keep the recordings of these
            classes alone; their order is that of the labels.
        device (str): Where the recordings are kept. Defaults to 'cpu'. With
            'cuda' use ``num_workers=0``.
        **kwargs: As in MMAction2's ``BaseActionDataset``.
    """

    METAINFO: dict = dict()

    def __init__(self,
                 ann_file: str = '',
                 pipeline: Sequence[Union[Dict, Callable]] = (),
                 prepare: Sequence[Union[Dict, Callable]] = (),
                 layout: Union[str, dict, None] = None,
                 split: Optional[str] = None,
                 classes: Optional[Sequence[str]] = None,
                 device: str = 'cpu',
                 **kwargs) -> None:
        prepare, pipeline = (
            [step if callable(step) else TRANSFORMS.build(step)
             for step in steps] for steps in (prepare, pipeline))
        self.prepare = Compose(prepare)
        self.layout = layout
        self.split = split
        self.classes = classes
        self.device = device
        # Shared memory, so that persistent workers see the epoch change.
        self._epoch_key = torch.zeros(2, dtype=torch.int64).share_memory_()
        super().__init__(ann_file, pipeline=pipeline, modality='Pose',
                         serialize_data=False, **kwargs)

    def read(self) -> dict:
        """The content of an annotation file: meta, split, annotations."""
        return load_annotations(self.ann_file)

    def load_data_list(self) -> List[dict]:
        """Read, select, prepare.

        Returns:
            list[dict]: One entry a recording, ``keypoint`` a float32 tensor
            ``(M, T, V, C)`` on ``device``.

        Raises:
            InputError: On an unknown split or class, a layout that does not
                fit, or if nothing is left.
        """
        data = self.read()
        meta, annotations = data['meta'], data['annotations']
        self._settle_layout(meta, annotations)
        self.splits = data['split']
        annotations = self._of_split(self.splits, annotations)
        annotations = self._of_classes(meta.get('classes'), annotations)
        if not annotations:
            raise InputError(f'{self._source}: no recording is left with '
                             f'split={self.split!r} and '
                             f'classes={self.classes!r}')
        return [self._prepared(annotation) for annotation in annotations]

    @property
    def _source(self) -> str:
        return self.ann_file or type(self).__name__

    def _settle_layout(self, meta: dict, annotations: List[dict]) -> None:
        found = meta.get('layout')
        self.layout = get_layout(self.layout or found or 'nturgb+d')
        if found is not None and get_layout(found) != self.layout:
            raise InputError(
                f'{self._source}: meta.layout is '
                f'{get_layout(found).describe()}, expected '
                f'{self.layout.describe()}; set `layout` to that of the data')
        for annotation in annotations:
            joints = annotation['keypoint'].shape[2]
            if joints != len(self.layout):
                raise InputError(
                    f'{self._source}: {annotation["frame_dir"]} has {joints} '
                    f'joints, the layout {self.layout.describe()}; set '
                    '`layout` to that of the data')

    def _of_split(self, splits: dict, annotations: List[dict]) -> List[dict]:
        if self.split is None:
            return annotations
        if self.split not in splits:
            raise InputError(
                f'{self._source}: there is no split {self.split!r}; the file '
                f'has {", ".join(sorted(splits)) or "none"}')
        chosen = set(splits[self.split])
        return [a for a in annotations if a['frame_dir'] in chosen]

    def _of_classes(self, known: Optional[Sequence[str]],
                    annotations: List[dict]) -> List[dict]:
        known = list(known or self.METAINFO.get('classes', ()))
        chosen = list(self.classes) if self.classes is not None else known
        unknown = [c for c in chosen if c not in known]
        if unknown:
            raise InputError(f'{self._source}: unknown class {unknown[0]!r}; '
                             f'the data has {", ".join(known) or "none"}')
        for annotation in annotations:
            label = annotation.get('label', 0)
            if known and not 0 <= label < len(known):
                raise InputError(
                    f'{self._source}: {annotation["frame_dir"]} has the '
                    f'label {label}, expected 0 to {len(known) - 1}, as many '
                    'as the data has classes')
        self._metainfo['classes'] = tuple(chosen)
        if self.classes is None:
            return annotations
        kept, left_out = [], Counter()
        for annotation in annotations:
            label = annotation.get('label')
            name = 'unlabelled' if label is None else known[label]
            if name in chosen:
                kept.append(dict(annotation, label=chosen.index(name)))
            else:
                left_out[name] += 1
        if left_out:
            listed = ', '.join(f'{n} {c}' for c, n in left_out.items())
            print_log(f'{self._source}: {len(kept)} recordings of '
                      f'{len(chosen)} classes; left out by `classes`: '
                      f'{listed}', logger='current')
        return kept

    def _prepared(self, annotation: dict) -> dict:
        # A copy, so that what is read may be shared between datasets.
        recording = dict(
            annotation,
            keypoint=torch.tensor(annotation['keypoint'],
                                  dtype=torch.float32, device=self.device))
        recording.setdefault('recording', recording['frame_dir'])
        recording['layout'] = self.layout
        if 'total_frames' not in recording:
            recording['total_frames'] = recording['keypoint'].shape[1]
        recording = self.prepare(recording)
        # Batches are gathered along time: (T, M, V, C), contiguous.
        recording['keypoint'] = recording['keypoint'].transpose(
            0, 1).contiguous()
        return recording

    @property
    def recordings(self) -> List[dict]:
        """list[dict]: All recordings, in the order of ``sample_idx``."""
        self.full_init()
        return self.data_list

    def set_epoch(self, seed: int, epoch: int) -> None:
        """Fix the views of an epoch as a function of (seed, epoch, index).

        Until it is called views are drawn from torch's global generator.
        """
        key = fold_in(torch.tensor(seed), epoch)
        self._epoch_key.copy_(torch.stack((torch.tensor(1), key)))

    def _keys(self, indices: torch.Tensor) -> torch.Tensor:
        is_set, key = self._epoch_key
        return (fold_in(key, indices) if is_set else
                torch.randint(-2**62, 2**62, indices.shape))

    def get_data_info(self, idx: int) -> dict:
        """One sample, before the pipeline: ``keypoint`` (M, T, V, C)."""
        info = super().get_data_info(idx)
        info['keypoint'] = info['keypoint'].transpose(0, 1)
        info['key'] = self._keys(torch.tensor(info['sample_idx']))
        return info

    def __getitems__(self, indices: Sequence[int]) -> List[dict]:
        """A batch of samples, made at once where the pipeline can.

        Args:
            indices (Sequence[int]): Sample indices.

        Returns:
            list[dict]: The samples, as ``self[i]`` would make them.
        """
        self.full_init()
        infos = [self.data_list[i] for i in indices]
        if not self._can_batch(infos):
            return [self[i] for i in indices]
        indices = torch.tensor(indices) % len(self.data_list)
        batch = {name: [info.get(name) for info in infos]
                 for name in set().union(*infos)}
        batch.update(
            keypoint=torch.nn.utils.rnn.pad_sequence(
                [i['keypoint'] for i in infos],
                batch_first=True).transpose(1, 2),
            total_frames=torch.tensor([i['total_frames'] for i in infos]),
            fps=infos[0].get('fps'),
            sample_idx=indices,
            layout=self.layout,
            key=self._keys(indices))
        return self.pipeline(batch)

    def _can_batch(self, infos: List[dict]) -> bool:
        """Whether the pipeline makes the same of a batch as of each sample.

        Recordings differ in length until :class:`SampleWindows` has cut
        them, so it has to come first.
        """
        steps = self.pipeline.transforms
        persons_and_fps = {(i['keypoint'].shape[1], i.get('fps'))
                           for i in infos}
        return (len(persons_and_fps) == 1 and len(steps) > 1
                and isinstance(steps[0], SampleWindows)
                and all(isinstance(s, SkeletonTransform) for s in steps[:-1])
                and isinstance(steps[-1], PackSkeletonInputs))
