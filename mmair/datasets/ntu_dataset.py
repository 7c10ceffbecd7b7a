"""NTU RGB+D from MMAction2's own pickles."""
import re
from typing import Optional

from mmair.errors import InputError
from mmair.registry import DATASETS

from .skeleton_dataset import SkeletonDataset

#: Setup, camera, performer, replication, action.
_NAME = re.compile(r'S(\d{3})C(\d{3})P(\d{3})R(\d{3})A(\d{3})')


@DATASETS.register_module()
class NTU60Dataset(SkeletonDataset):
    """NTU RGB+D, 60 daily actions; not of emotions.

    Shahroudy, Liu, Ng & Wang, CVPR 2016. Reads the files that MMAction2
    distributes as they are: ``ntu60_3d.pkl`` (Kinect v2, layout 'nturgb+d')
    and ``ntu60_2d.pkl`` (HRNet, set ``layout='coco'``). They have no frame
    rate, actors or sessions; the last two are in the names
    (``S001C001P001R001A001``): the performer is the actor, and what the three
    cameras saw of one performance is one recording. Splits: ``xsub_train``,
    ``xsub_val``, ``xview_train``, ``xview_val``.

    Args:
        fps (float): Frame rate of recordings without one. Defaults to 30,
            that of Kinect v2.
        persons (str): Defaults to 'separate': every person is a sample.
        **kwargs: As in :class:`SkeletonDataset`.
    """

    METAINFO = dict(classes=tuple(f'A{i:03d}' for i in range(1, 61)))

    def __init__(self,
                 ann_file: str = '',
                 fps: Optional[float] = 30.,
                 persons: str = 'separate',
                 **kwargs) -> None:
        super().__init__(ann_file=ann_file, fps=fps, persons=persons,
                         **kwargs)

    def read(self) -> dict:
        """The content of the file, with actors and recordings."""
        data = super().read()
        return dict(data, annotations=[
            self._with_names(annotation)
            for annotation in data['annotations']])

    def _with_names(self, annotation: dict) -> dict:
        name = annotation['frame_dir']
        found = _NAME.fullmatch(name)
        if found is None:
            raise InputError(
                f'{self._source}: frame_dir is {name!r}, expected a name as '
                'S001C001P001R001A001; use mmair.SkeletonDataset for data '
                'that is not of NTU RGB+D')
        setup, _, performer, replication, action = found.groups()
        return dict(
            annotation, actor=f'P{performer}',
            recording=f'S{setup}P{performer}R{replication}A{action}')
