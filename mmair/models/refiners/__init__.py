from .appendage_label_refiner import AppendageLabelRefiner
from .batch_agreement_refiner import BatchAgreementRefiner
from .label_refiner import LabelRefiner

__all__ = ['AppendageLabelRefiner', 'BatchAgreementRefiner', 'LabelRefiner']
