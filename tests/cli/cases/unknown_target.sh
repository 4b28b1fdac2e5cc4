# SPDX-License-Identifier: Apache-2.0
# A target that does not exist; those that exist are listed.
dbconvert blobs/blobs.onnx -t a54 -o out
