# SPDX-License-Identifier: Apache-2.0
# verify needs photos.
dbconvert verify blobs/blobs.onnx packed/blobs.dbp
