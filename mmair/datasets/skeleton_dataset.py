"""The dataset behind every emotion data set."""
import os.path as osp
from collections import Counter
from typing import (Any, Callable, Dict, Iterator, List, Optional, Sequence,
                    Union)

import numpy as np
import torch
from mmaction.datasets.base import BaseActionDataset
from mmengine.dataset import Compose
from mmengine.logging import print_log

from mmair.errors import InputError
from mmair.layouts import SkeletonLayout, get_layout
from mmair.registry import DATASETS, TRANSFORMS

from .class_names import class_names
from .readers import AnnotationChecker, load_annotations, of_split
from .transforms import (MapLayout, PackSkeletonInputs, SampleWindows,
                         SkeletonTransform)
from .transforms.counter_rng import fold_in
from .units import require_frame_rate

#: Bytes of keypoints up to which a data set is kept in memory, but for that
#: of a GPU.
RESIDENT_SIZE = 2**29


@DATASETS.register_module()
class SkeletonDataset(BaseActionDataset):
    """Skeleton recordings, kept in memory as tensors or read when needed.

    An emotion corpus is mostly tens of megabytes. So the deterministic part
    of the pipeline (``prepare``: resampling, normalisation) runs once a
    recording when the file is read, and a whole batch of samples is then made
    by one call of each transform (``__getitems__``), on ``device``. A large
    set (``resident``) is prepared at every access instead, from the mapped
    files of a store; its samples are the same.

    Recordings without a label take part, unless ``classes`` selects some.

    A 2-D sample has the score of each joint as its third channel, as
    MMAction2's ``GenSkeFeat`` puts it there: from ``keypoint_score``, or
    else 1, and 0 where x and y are 0.

    Args:
        ann_file (str): An annotation file or a memory-mapped store, see
            ``docs/data.md``; MMAction2's own skeleton pickles are read as
            well.
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
        fps (float, optional): The frame rate of recordings that do not tell
            it, as MMAction2's do not: 30 for NTU RGB+D.
        persons (str): 'joint' for one sample a recording, with all its
            persons; 'separate' for one sample a person. A person whose
            keypoints are all zero, MMAction2's padding, is then none, and
            where there are several ``frame_dir`` ends in ``#`` and the number
            of the person, also in ``splits``. Defaults to 'joint'.
        resident (bool, optional): Whether to prepare all recordings at the
            beginning and keep them in memory. By default where they take up
            to 512 MiB, or on a GPU up to half of what is free there.
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
                 fps: Optional[float] = None,
                 persons: str = 'joint',
                 resident: Optional[bool] = None,
                 **kwargs) -> None:
        if persons not in ('joint', 'separate'):
            raise InputError(f"persons is {persons!r}, expected 'joint' or "
                             "'separate'")
        if fps is not None:
            require_frame_rate(f'{type(self).__name__}: fps', fps)
        prepare, pipeline = (
            [step if callable(step) else TRANSFORMS.build(step)
             for step in steps] for steps in (prepare, pipeline))
        self.prepare = Compose(prepare)
        self.layout = layout
        self.split = split
        self.classes = classes
        self.device = device
        self.fps = fps
        self.persons = persons
        self.resident = resident
        # Shared memory, so that persistent workers see the epoch change.
        self._epoch_key = torch.zeros(2, dtype=torch.int64).share_memory_()
        super().__init__(ann_file, pipeline=pipeline, modality='Pose',
                         serialize_data=False, **kwargs)

    def read(self) -> dict:
        """The content of an annotation file: meta, split, annotations."""
        return load_annotations(self.ann_file)

    def load_data_list(self) -> List[dict]:
        """Read, select and, where they stay in memory, prepare.

        Returns:
            list[dict]: One entry a sample: prepared, with ``keypoint`` a
            float32 tensor ``(T, M, V, C)`` on ``device``, or as it was read.

        Raises:
            InputError: On an unknown split or class, a layout that does not
                fit, numbers that are not finite, or if nothing is left.
        """
        data = self.read()
        meta = data['meta']
        self._settle_layout(meta, data['annotations'])
        self.splits = data['split']
        annotations = of_split(self._source, data, self.split)
        annotations = self._of_classes(meta.get('classes'), annotations)
        if self.persons == 'separate':
            annotations = self._of_persons(annotations)
        if not annotations:
            raise InputError(f'{self._source}: no recording is left with '
                             f'split={self.split!r} and '
                             f'classes={self.classes!r}')
        if self.resident is None:
            self.resident = self._fits(
                4 * sum(a['keypoint'].size for a in annotations))
        if not self.resident:
            return annotations
        return [self._prepared(annotation) for annotation in annotations]

    def _fits(self, size: int) -> bool:
        """Whether keypoints of so many bytes are to be kept in memory."""
        device = torch.device(self.device)
        if device.type != 'cuda':
            return size <= RESIDENT_SIZE
        limit = torch.cuda.mem_get_info(device)[0] // 2
        if size > limit:
            print_log(
                f'{self._source}: {size >> 20} MiB of keypoints are more than '
                f'half of what is free on {device}, {limit >> 20} MiB, so '
                'recordings are prepared at every access; better use '
                "device='cpu' with num_workers=4 or more, and let "
                'data_preprocessor make the views on the GPU, as '
                'configs/air/air_stgcn_ebedb_gpu.py has them',
                logger='current')
        return size <= limit

    def __getstate__(self) -> dict:
        """What goes to a worker that is not forked: it opens a store anew,
        and is not sent the whole of it."""
        state = dict(vars(self))
        if self._fully_initialized and not self.resident and osp.isdir(
                self.ann_file):
            state.update(_fully_initialized=False, data_list=[])
        return state

    @property
    def _source(self) -> str:
        return self.ann_file or type(self).__name__

    def _settle_layout(self, meta: dict, annotations: List[dict]) -> None:
        found = meta.get('layout')
        self.layout = get_layout(self.layout or found or 'nturgb+d')
        if found is not None:
            found = get_layout(found)
            if differ := found.differs_in(self.layout):
                raise InputError(
                    f'{self._source}: meta.layout is {found.describe()}, '
                    f'expected {self.layout.describe()}; they differ in '
                    f'{", ".join(differ)}; set `layout` to that of the data')
        size, dims = len(self.layout), self.layout.dims
        for annotation in annotations:
            joints, channels = annotation['keypoint'].shape[2:]
            if joints != size:
                raise InputError(
                    f'{self._source}: {annotation["frame_dir"]} has {joints} '
                    f'joints, the layout {self.layout.describe()}; set '
                    '`layout` to that of the data')
            if channels < dims:
                raise InputError(
                    f'{self._source}: {annotation["frame_dir"]} has '
                    f'{channels} coordinates a joint, the layout '
                    f'{self.layout.describe()} has {dims}; set `layout` to '
                    'that of the data')

    def _of_classes(self, known: Optional[Sequence[str]],
                    annotations: List[dict]) -> List[dict]:
        # Those of the file; else of `metainfo` and the class of the dataset.
        known = list(known or self._metainfo.get('classes') or ())
        chosen = list(class_names(f'{self._source}: `classes`', self.classes)
                      ) if self.classes is not None else known
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

    def _of_persons(self, annotations: List[dict]) -> List[dict]:
        """One entry a person, in ``splits`` too."""
        samples, named, empty = [], {}, 0
        for annotation in annotations:
            x, name = annotation['keypoint'], annotation['frame_dir']
            # The first frame tells it for all but the padding.
            present = [m for m in range(len(x))
                       if x[m, 0].any() or x[m].any()]
            empty += len(x) - len(present)
            found = []
            for m in present:
                found.append(name if len(present) == 1 else f'{name}#{m}')
                sample = dict(annotation, keypoint=x[m:m + 1],
                              frame_dir=found[-1])
                sample.setdefault('recording', name)
                if 'keypoint_score' in annotation:
                    sample['keypoint_score'] = annotation[
                        'keypoint_score'][m:m + 1]
                samples.append(sample)
            named[name] = found
        self.splits = {
            key: [n for name in names for n in named.get(name, [name])]
            for key, names in self.splits.items()}
        print_log(
            f'{self._source}: {len(samples)} samples, one a person, of '
            f'{len(annotations)} recordings; left out: {empty} persons whose '
            f'keypoints are all zero, and so '
            f'{sum(not found for found in named.values())} recordings',
            logger='current')
        return samples

    def _prepared(self, annotation: dict) -> dict:
        # A copy, so that what is read may be shared between datasets.
        recording = dict(annotation, keypoint=self._tensor(annotation))
        if self.layout.dims == 2:
            recording.pop('keypoint_score', None)
        recording.setdefault('recording', recording['frame_dir'])
        if self.fps is not None:
            recording.setdefault('fps', self.fps)
        recording['layout'] = self.layout
        if 'total_frames' not in recording:
            recording['total_frames'] = recording['keypoint'].shape[1]
        recording = self.prepare(recording)
        # Batches are gathered along time: (T, M, V, C), contiguous.
        recording['keypoint'] = recording['keypoint'].transpose(
            0, 1).contiguous()
        return recording

    def _tensor(self, annotation: dict) -> torch.Tensor:
        """The keypoints, checked, and in 2-D with their scores."""
        x = torch.tensor(annotation['keypoint'], dtype=torch.float32,
                         device=self.device)
        if self.layout.dims == 2 and x.shape[-1] == 2:
            score = annotation.get('keypoint_score')
            score = (x.any(-1) if score is None else
                     torch.tensor(score, device=self.device))
            x = torch.cat((x, score.to(x.dtype)[..., None]), -1)
        if not torch.isfinite(x).all():
            AnnotationChecker(self._source).check_finite(
                dict(annotation, keypoint=np.asarray(x.cpu())))
        return x

    @property
    def sample_layout(self) -> SkeletonLayout:
        """SkeletonLayout: That of the samples, which may be mapped."""
        self.full_init()
        steps = (*self.prepare.transforms, *self.pipeline.transforms)
        mapped = [s.target for s in steps if isinstance(s, MapLayout)]
        return mapped[-1] if mapped else self.layout

    @property
    def recordings(self) -> Sequence[dict]:
        """Sequence[dict]: All recordings, in the order of ``sample_idx``."""
        self.full_init()
        return self.data_list if self.resident else _Recordings(self)

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
        if not self.resident:
            info = self._prepared(info)
        info['keypoint'] = info['keypoint'].transpose(0, 1)
        info['key'] = self._keys(torch.tensor(info['sample_idx']))
        return info

    def _prepared_at(self, idx: int) -> dict:
        recording = self.data_list[idx]
        return recording if self.resident else self._prepared(recording)

    def __getitems__(self, indices: Sequence[int]) -> List[dict]:
        """A batch of samples, made at once where the pipeline can.

        Args:
            indices (Sequence[int]): Sample indices.

        Returns:
            list[dict]: The samples, as ``self[i]`` would make them.
        """
        self.full_init()
        infos = [self._prepared_at(i) for i in indices]
        if not self._can_batch(infos):
            return [self[i] for i in indices]
        indices = torch.tensor(indices) % len(self.data_list)
        keypoint = [info['keypoint'] for info in infos]
        if type(self.pipeline.transforms[0]) is SampleWindows:
            # Not padded: the longest may be hours.
            keypoint = [x.transpose(0, 1) for x in keypoint]
        else:
            keypoint = torch.nn.utils.rnn.pad_sequence(
                keypoint, batch_first=True).transpose(1, 2)
        batch = {name: [info.get(name) for info in infos]
                 for name in set().union(*infos)}
        batch.update(
            keypoint=keypoint,
            total_frames=torch.tensor([i['total_frames'] for i in infos]),
            fps=infos[0].get('fps'),
            sample_idx=indices,
            layout=infos[0]['layout'],
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
        return (not self.multi_class
                and len(persons_and_fps) == 1 and len(steps) > 1
                and isinstance(steps[0], SampleWindows)
                and all(isinstance(s, SkeletonTransform) for s in steps[:-1])
                and isinstance(steps[-1], PackSkeletonInputs))


class _Recordings(Sequence):
    """The recordings of a dataset that are prepared when they are asked for.

    Args:
        dataset (SkeletonDataset): Fully initialised.
    """

    def __init__(self, dataset: SkeletonDataset) -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset.data_list)

    def __getitem__(self, index: int) -> '_Recording':
        return _Recording(self.dataset, index)

    def __iter__(self) -> Iterator['_Recording']:
        return (self[i] for i in range(len(self)))


class _Recording(dict):
    """What is known of a recording; what ``prepare`` makes of it on demand.

    Names and labels of 10^5 recordings are asked for far more often than
    their keypoints.
    """

    _MADE = ('keypoint', 'fps', 'total_frames', 'layout')

    def __init__(self, dataset: SkeletonDataset, index: int) -> None:
        raw = dataset.data_list[index]
        super().__init__((k, v) for k, v in raw.items()
                         if k not in (*self._MADE, 'keypoint_score'))
        self.setdefault('recording', raw['frame_dir'])
        self._of = dataset, index

    def __missing__(self, key: str) -> Any:
        dataset, index = self._of
        if key not in self._MADE:
            raise KeyError(key)
        return dataset._prepared_at(index)[key]

    def get(self, key: str, default: Any = None) -> Any:
        try:
            return self[key]
        except KeyError:
            return default
