# Four emotions of EBEDB that differ most, linear readout. Give it the work
# directory of ebedb_cpu.py, whose pre-trainings it takes.
_base_ = 'ebedb_cpu_10classes.py'
title = 'EBEDB, four emotions: width 8, 15 epochs'
classes = ['anger', 'joy', 'neutral', 'sadness']
