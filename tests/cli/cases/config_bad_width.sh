# SPDX-License-Identifier: Apache-2.0
# A width that weights cannot have, with its line.
printf 'bits: 5\n' >c.yaml
dbconvert blobs/blobs.onnx --config c.yaml -o out
