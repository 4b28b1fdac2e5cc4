# SPDX-License-Identifier: Apache-2.0
# A packed file against its float model.
dbconvert verify blobs/blobs.onnx packed/blobs.dbp --calib blobs/photos
