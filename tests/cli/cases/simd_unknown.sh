# SPDX-License-Identifier: Apache-2.0
# An instruction set that does not exist.
DBCONVERT_SIMD=mmx dbconvert blobs/blobs.onnx -o out
