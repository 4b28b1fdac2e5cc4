# SPDX-License-Identifier: Apache-2.0
# One model at a time.
dbconvert blobs/blobs.onnx blobs/blobs.onnx -o out
