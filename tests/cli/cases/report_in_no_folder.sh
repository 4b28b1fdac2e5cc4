# SPDX-License-Identifier: Apache-2.0
# The report cannot be written: neither is the model.
dbconvert blobs/blobs.onnx -q --report none/r.json -o out
