# SPDX-License-Identifier: Apache-2.0
# Without photos nothing is measured, and the report says so.
dbconvert blobs/blobs.onnx -o out
