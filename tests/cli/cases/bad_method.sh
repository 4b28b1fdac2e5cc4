# SPDX-License-Identifier: Apache-2.0
# A method that does not exist.
dbconvert blobs/blobs.onnx --method no-luck -o out
