# SPDX-License-Identifier: Apache-2.0
# An option given twice, with its line.
printf 'bits: 4\ntarget: a53\nbits: 2\n' >c.yaml
dbconvert blobs/blobs.onnx --config c.yaml -o out
