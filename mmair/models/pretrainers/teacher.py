"""A student and its moving average."""
import math

import torch
from mmengine.model import ExponentialMovingAverage

from .base_pretrainer import BasePretrainer


class TeacherPretrainer(BasePretrainer):
    """Base class of methods whose teacher follows the student.

    The teacher (MoCo's key encoder) is the exponential moving average of the
    student's weights; its buffers are the student's.

    Args:
        student (nn.Module): With the attribute ``backbone``.
        momentum (float): Of the teacher at the start; it rises to 1 on a
            half cosine.
        data_preprocessor (dict, optional): See :class:`BasePretrainer`.
    """

    backbone_passes = (2, 2)

    def __init__(self,
                 student: torch.nn.Module,
                 momentum: float,
                 data_preprocessor=None,
                 init_cfg=None) -> None:
        super().__init__(data_preprocessor, init_cfg)
        self.student = student
        self.teacher = ExponentialMovingAverage(student,
                                                momentum=1 - momentum)
        self.momentum = momentum

    def init_weights(self) -> None:
        """Initialise; the teacher starts as the student."""
        super().init_weights()
        self.teacher.module.load_state_dict(self.student.state_dict())

    def set_progress(self, progress: float) -> None:
        """Schedule of the teacher's momentum."""
        super().set_progress(progress)
        self.teacher.momentum = (
            (1 - self.momentum) * (1 + math.cos(math.pi * progress)) / 2)

    def after_step(self) -> None:
        """The teacher follows the student."""
        self.teacher.update_parameters(self.student)
