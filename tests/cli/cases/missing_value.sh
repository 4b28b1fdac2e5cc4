# SPDX-License-Identifier: Apache-2.0
# An option without its value.
dbconvert blobs/blobs.onnx -o out --bits
