# SPDX-License-Identifier: Apache-2.0
# A width that weights cannot have.
dbconvert blobs/blobs.onnx --bits 5 -o out
