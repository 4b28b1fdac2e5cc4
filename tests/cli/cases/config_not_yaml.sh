# SPDX-License-Identifier: Apache-2.0
# A file that is not YAML, with its line.
printf 'bits: 4\n\ttarget: [\n' >c.yaml
dbconvert blobs/blobs.onnx --config c.yaml -o out
