# SPDX-License-Identifier: Apache-2.0
# --draw belongs to run.
dbconvert blobs/blobs.onnx --draw x.png -o out
