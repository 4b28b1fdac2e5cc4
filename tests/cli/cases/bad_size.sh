# SPDX-License-Identifier: Apache-2.0
# A size with an unknown unit.
dbconvert blobs/blobs.onnx --max-size 2parsecs -o out
