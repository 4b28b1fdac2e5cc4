# SPDX-License-Identifier: Apache-2.0
# An option that does not exist; the nearest one is named.
dbconvert blobs/blobs.onnx --bitz 4 -o out
