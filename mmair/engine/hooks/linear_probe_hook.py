"""Begin a fine-tuning with the layer that a linear probe learns."""
from typing import Tuple

import torch
from mmengine import dist
from mmengine.dataset import pseudo_collate
from mmengine.hooks import Hook
from mmengine.runner import Runner
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from mmair.compat import get_gt_label
from mmair.errors import InputError
from mmair.evaluation.representation import some_of
from mmair.registry import HOOKS

from .unwrap import unwrap

#: Recordings that a probe is fitted to, at most: a regression of all of a
#: large set would take gigabytes.
_RECORDINGS = 1000


def logistic_layer(features: Tensor, labels: Tensor, C: float,
                   num_classes: int) -> Tuple[Tensor, Tensor]:
    """The layer of a balanced logistic regression.

    Args:
        features (Tensor): ``(N, D)``.
        labels (Tensor): ``(N, )``, two classes or more.
        C (float): Inverse of the penalty.
        num_classes (int): Classes K of the layer; one without a label gets
            the least bias of the others.

    Returns:
        tuple[Tensor]: Weights ``(K, D)`` and biases ``(K, )``.
    """
    model = LogisticRegression(
        C=C, class_weight='balanced', max_iter=3000).fit(features, labels)
    found, biases = map(torch.from_numpy, (model.coef_, model.intercept_))
    if len(found) == 1:  # of two classes, that of the second alone
        found, biases = (torch.cat((-x, x)) / 2 for x in (found, biases))
    weight = found.new_zeros(num_classes, features.shape[1])
    bias = biases.min().repeat(num_classes)
    weight[model.classes_] = found
    bias[model.classes_] = biases
    return weight, bias


@HOOKS.register_module()
class LinearProbeHook(Hook):
    """Fit the head of a recogniser before anything else is trained.

    A head of random weights distorts what the backbone learnt, the more the
    fewer labels there are (Kumar et al., ICLR 2022: probe first, then
    fine-tune). The norm and the layer of a :class:`RecordingHead` become
    those of a balanced logistic regression on views of the training
    recordings, of 1000 of them at most; then all is trained. A resumed
    training is left alone.

    Args:
        C (float): Inverse of the penalty. Defaults to 0.01.
        num_views (int): Views of each recording. Defaults to 4.
    """

    def __init__(self, C: float = 0.01, num_views: int = 4) -> None:
        self.C, self.num_views = C, num_views

    @torch.no_grad()
    def before_train(self, runner: Runner) -> None:
        """Fit, the same on every process."""
        if runner.iter:
            return
        head = unwrap(runner).cls_head
        if not isinstance(getattr(head, 'norm', None),
                          torch.nn.BatchNorm1d):
            raise InputError(
                f'LinearProbeHook: cls_head is a {type(head).__name__}, '
                'expected a mmair.RecordingHead with norm=True')
        features, labels = self.views(runner)
        if len(labels.unique()) < 2:
            raise InputError(
                'LinearProbeHook: the training recordings are all of class '
                f'{int(labels[0])}, expected two classes or more; take '
                'another split')
        runner.logger.info('LinearProbeHook: logistic regression')
        var, mean = torch.var_mean(features, 0, correction=0)
        weight, bias = logistic_layer(
            (features - mean) / (var + head.norm.eps).sqrt(), labels,
            self.C / self.num_views, head.num_classes)
        for target, value in ((head.norm.running_mean, mean),
                              (head.norm.running_var, var),
                              (head.fc.weight, weight),
                              (head.fc.bias, bias)):
            target.copy_(value)
            dist.broadcast(target.data)

    def views(self, runner: Runner, batch_size: int = 32
              ) -> Tuple[Tensor, Tensor]:
        """Features of views as the head pools them, ``(N, D)``, and labels
        ``(N, )``."""
        model, dataset = unwrap(runner), runner.train_dataloader.dataset
        features, labels = [], []
        chosen = some_of(len(dataset), _RECORDINGS).tolist()
        model.eval()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(runner.seed)
            for view in range(self.num_views):
                runner.logger.info(
                    f'LinearProbeHook: view {view + 1} of {self.num_views} '
                    f'of {len(chosen)} recordings')
                for start in range(0, len(chosen), batch_size):
                    data = model.data_preprocessor(pseudo_collate(
                        [dataset[i] for i in
                         chosen[start:start + batch_size]]), training=True)
                    maps, _ = model.extract_feat(data['inputs'])
                    features.append(model.cls_head.pool(
                        maps, data['inputs'].shape[1]).double().cpu())
                    labels += map(get_gt_label, data['data_samples'])
        return torch.cat(features), torch.cat(labels).cpu()
