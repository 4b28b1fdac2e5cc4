# SPDX-License-Identifier: Apache-2.0
# A pass that does not exist; those that exist are listed.
dbconvert blobs/blobs.onnx --dump-after no_such_pass -o out
