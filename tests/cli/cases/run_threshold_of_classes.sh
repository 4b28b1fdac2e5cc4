# SPDX-License-Identifier: Apache-2.0
# Means of the channels: 0.154, 0.467, 0.779.
dbconvert run small/classes.onnx small/x.npy
dbconvert run small/classes.onnx small/x.npy --threshold 0.4
dbconvert run small/classes.onnx small/x.npy --threshold 0.9 --json
