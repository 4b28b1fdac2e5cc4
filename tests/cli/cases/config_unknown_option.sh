# SPDX-License-Identifier: Apache-2.0
# An option that does not exist, with its line.
printf 'target: a53\nbitz: 4\n' >c.yaml
dbconvert blobs/blobs.onnx --config c.yaml -o out
