from .appendage_label_refiner import AppendageLabelRefiner

__all__ = ['AppendageLabelRefiner']
