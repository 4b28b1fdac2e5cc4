# SPDX-License-Identifier: Apache-2.0
# A configuration file that does not exist.
dbconvert blobs/blobs.onnx --config nowhere.yaml -o out
